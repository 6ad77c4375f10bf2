// Holds sessions that do nothing, in a process of its own as descriptors are bounded; started by ./holder.ts. Ends with its input.
import { createInterface } from 'node:readline';
import { Crowd } from '../peers/generator/crowd.ts';
import { Latencies } from '../peers/generator/latencies.ts';
import type { GrownLine, GrowOrder, HolderOrder } from './orders.ts';

const { target, loginsAtOnce } = JSON.parse(process.argv[2] ?? '') as HolderOrder;
/** As a client would: with so many processes on few cores one may be late. */
const WAITS_MAX = 5;
const crowd = new Crowd(target, loginsAtOnce, WAITS_MAX);

for await (const text of createInterface({ input: process.stdin })) {
  const { sessions } = JSON.parse(text) as GrowOrder;
  const latencies = new Latencies();
  await crowd.grow(sessions, (ms) => latencies.add(ms));
  const { p50Ms, p99Ms } = latencies.summary();
  console.log(JSON.stringify({ sessions, p50Ms, p99Ms, waited: crowd.waited } satisfies GrownLine));
  crowd.waited = 0;
}
// Without a word: whoever ends it ends the servers too.
process.exit(0);
