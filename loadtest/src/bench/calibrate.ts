import { createHash } from 'node:crypto';

const ROUNDS = 7;
const STEPS = 60_000;

/**
 * µs of CPU that this machine needs now for a fixed piece of work of the kind that the services do: strings, maps, bytes, a hash. Figures of
 * two runs are compared in this unit, so that a slower machine, or a slower hour of the same one, is no regression. The best of a few rounds.
 */
export function calibrate(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, user + system);
  }
  return best;
}

function work(): string {
  const counts = new Map<string, number>();
  const hash = createHash('sha256');
  for (let i = 0; i < STEPS; i++) {
    const text = `<message to='user${i % 1000}@localhost' id='m${i}'><body>${i}</body></message>`;
    const key = text.slice(13, text.indexOf('@'));
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (i % 16 === 0) hash.update(Buffer.from(text));
  }
  return hash.update(String(counts.size)).digest('hex');
}
