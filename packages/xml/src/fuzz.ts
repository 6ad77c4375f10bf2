// Random and damaged input against the scanner: `node dist/fuzz.js [iterations] [seed]`.
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { compareWithSaxes } from './testing/compare.ts';
import { feed, WHOLE } from './testing/feed.ts';
import { generateDocument, mutate, type Random, seeded } from './testing/generate.ts';

const HEADERS = ['', "<?xml version='1.0'?>", "<s:stream xmlns='urn:c' xmlns:s='urn:s'>"];
// Small, so that random input meets them.
const LIMITS = { stanzaBytes: 1500, headerBytes: 300, depth: 5, attributes: 6, nameBytes: 20, prefixes: 8 };

/**
 * Reads `iterations` inputs that follow from `seed`. Throws at the first that the scanner reads otherwise than saxes, or
 * otherwise in other pieces; the error tells which one it is.
 */
export function fuzz(seed: number, iterations: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let n = 0; n < iterations; n++) {
    const random = seeded(seed + n);
    const document = random(10) === 0 ? noise(random) : mutate(random, generateDocument(random));
    try {
      const result = compareWithSaxes(document, sizes(random));
      counts[result] = (counts[result] ?? 0) + 1;
      compareChunkings(random, document);
    } catch (cause) {
      throw new Error(`seed ${seed + n}: ${JSON.stringify(document.toString('latin1'))}`, { cause });
    }
  }
  return counts;
}

function compareChunkings(random: Random, document: Buffer): void {
  const header = HEADERS[random(HEADERS.length)] as string;
  const input = Buffer.concat([Buffer.from(header), document, mutate(random, generateDocument(random))]);
  for (const limits of [{}, LIMITS]) {
    const whole = feed(input, WHOLE, { limits });
    for (const pieces of [[1], sizes(random)]) {
      assert.deepEqual(feed(input, pieces, { limits, pausing: random(2) === 0 }), whole);
    }
  }
}

const sizes = (random: Random) => Array.from({ length: 1 + random(6) }, () => 1 + random(random(2) === 0 ? 8 : 200));
const noise = (random: Random) =>
  Buffer.from(Array.from({ length: random(40) }, () => '<>/&;a\'"= !?[]-:\0\xe2\x82'.charCodeAt(random(19))));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const iterations = Number(process.argv[2] ?? 20_000);
  const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}, ${iterations} iterations`);
  console.log(fuzz(seed, iterations));
}
