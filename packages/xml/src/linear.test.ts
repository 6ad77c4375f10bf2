import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from './limits.ts';
import { parseElement } from './parse.ts';
import { Scanner } from './scanner.ts';

const HEAD = "<s:s xmlns='jabber:client' xmlns:s='urn:s'>";
const LIMITS = { ...DEFAULT_LIMITS, stanzaBytes: 1 << 24 };
const SMALL = 1 << 15;
const TIMES = 8;

/** `piece`, as often as it fits in `size`. */
const fill = (size: number, piece: string) => piece.repeat(Math.ceil(size / piece.length));

const manyAttributes = (name: (n: number) => string) =>
  `<b ${Array.from({ length: DEFAULT_LIMITS.attributes }, (_, n) => `${name(n)}=''`).join(' ')}/>`;
/** Names of which all have the same hash: 'aB' and 'b#' would, of letters only 'Aa' and 'BB'. */
const colliding = (n: number) => Array.from({ length: 6 }, (_, bit) => ((n >> bit) & 1 ? 'Aa' : 'BB')).join('');
const manyPrefixes = Array.from({ length: DEFAULT_LIMITS.prefixes - 1 }, (_, n) => ` xmlns:p${n}='urn:${n}'`).join('');

/** Stanzas of about `size` bytes that could tempt a reader to look at a byte again. */
const STANZAS: Readonly<Record<string, (size: number) => string>> = {
  text: (size) => `<a>${fill(size, 'x')}</a>`,
  'text in another script': (size) => `<a>${fill(size / 3, '罗')}</a>`,
  'an attribute value': (size) => `<a b='${fill(size, 'x')}'/>`,
  'references in text': (size) => `<a>${fill(size, '&amp;&#65;')}</a>`,
  'references in a value': (size) => `<a b='${fill(size, '&amp;&#65;')}'/>`,
  'digits of one reference': (size) => `<a>&#${fill(size, '0')}65;</a>`,
  brackets: (size) => `<a>${fill(size, ']')}</a>`,
  'brackets in CDATA': (size) => `<a><![CDATA[${fill(size, ']')}]]></a>`,
  'CDATA sections': (size) => `<a>${fill(size, '<![CDATA[]]>')}</a>`,
  'carriage returns': (size) => `<a b='${fill(size / 2, '\r')}'>${fill(size / 2, '\r\n')}</a>`,
  children: (size) => `<a>${fill(size, '<b/>')}</a>`,
  'children and text': (size) => `<a>${fill(size, '<b></b>x')}</a>`,
  'white space in a tag': (size) => `<a${fill(size, ' ')}/>`,
  'white space in an end tag': (size) => `<a></a${fill(size, '\n')}>`,
  'a name': (size) => `<${fill(size, 'x')}/>`,
  'tags with many attributes': (size) =>
    `<a>${fill(
      size,
      manyAttributes((n) => `x${n}`),
    )}</a>`,
  'tags with attributes of one hash': (size) => `<a>${fill(size, manyAttributes(colliding))}</a>`,
  'prefixes, with many in force': (size) =>
    `<a xmlns:q='urn:q'><b${manyPrefixes.replace(/ xmlns:p0='urn:0'/, '')}>${fill(size, '<q:b/>')}</b></a>`,
  'namespaces declared again and again': (size) => `<a>${fill(size, "<q:b xmlns:q='urn:q' xmlns='urn:q'/>")}</a>`,
  'depth, again and again': (size) => `<a>${fill(size, `${'<b>'.repeat(60)}${'</b>'.repeat(60)}`)}</a>`,
};

function scan(chunks: readonly Buffer[]): number {
  let count = 0;
  const onElement = () => {
    count++;
  };
  const limits = { ...LIMITS, nameBytes: LIMITS.stanzaBytes };
  const scanner = new Scanner('stream', limits, { onStreamOpen() {}, onElement, onStreamClose() {} });
  scanner.write(Buffer.from(HEAD));
  for (const chunk of chunks) scanner.write(chunk);
  return count;
}

function inPieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.subarray(i, i + size));
  return pieces;
}

/** CPU time in ms, the shortest of a few runs: what else happens on the machine only makes one longer. */
function shortest(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const started = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** Eight times the input takes eight times as long when the work is linear, and sixty-four times when it is quadratic. */
function assertLinear(prepare: (size: number) => () => void): void {
  const small = prepare(SMALL);
  const large = prepare(SMALL * TIMES);
  small();
  let measured = '';
  for (let attempt = 0; attempt < 3; attempt++) {
    const [short, long] = [shortest(small), shortest(large)];
    // A millisecond for free: the small one may be too short to be measured.
    if (long < (short + 1) * TIMES * 3) return;
    measured = `${short.toFixed(2)} ms, ${TIMES} times the input ${long.toFixed(2)} ms`;
  }
  assert.fail(measured);
}

describe('the work is linear', () => {
  for (const [what, stanza] of Object.entries(STANZAS)) {
    for (const size of [1, 1460, 65_536]) {
      it(`${what}, in pieces of ${size}`, () => {
        assertLinear((length) => {
          const pieces = inPieces(stanza(length), size);
          return () => assert.equal(scan(pieces), 1);
        });
      });
    }
    if (what !== 'a name') {
      it(`${what}, as a tree`, () => {
        assertLinear((length) => {
          const text = stanza(length);
          return () => assert.equal(parseElement(text).name, 'a');
        });
      });
    }
  }

  for (const size of [1, 1460, 65_536]) {
    it(`many stanzas, in pieces of ${size}`, () => {
      assertLinear((length) => {
        const stanzas = fill(length, '<a><b>c</b></a> ');
        const pieces = inPieces(stanzas, size);
        return () => assert.equal(scan(pieces), stanzas.length / 16);
      });
    });
  }
});
