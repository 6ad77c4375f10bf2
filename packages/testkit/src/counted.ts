import type { World } from './world.ts';

/** What the edges that answer have counted, all together: samples of a metric whose labels contain these. */
export async function countedByEdges(world: World, metric: string, labels: Readonly<Record<string, string>>) {
  let sum = 0;
  for (const { admin } of world.edges) {
    // Policy: one that is dead counts nothing any more.
    const response = await fetch(`http://127.0.0.1:${admin}/metrics`).catch(() => undefined);
    for (const line of ((await response?.text()) ?? '').split('\n')) {
      const [, name, told = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === metric && Object.entries(labels).every(([key, wanted]) => told.includes(`${key}="${wanted}"`)))
        sum += Number(value);
    }
  }
  return sum;
}
