import type { World } from '@starling/testkit';
import { entriesWritten } from '../stored.ts';

const HOST = '127.0.0.1';
const CATCH_UP_MS = 15_000;
const POLL_MS = 250;

/** Messages that the edges say to have written to clients, since they started. @throws Error when one does not answer */
export async function messagesWritten(world: World): Promise<number> {
  let count = 0;
  for (const { admin } of world.edges) {
    const text = await (await fetch(`http://${HOST}:${admin}/metrics`)).text();
    const [, written = '0'] = /^starling_edge_stanzas_out_total\{[^}]*kind="message"[^}]*\} (\d+)/m.exec(text) ?? [];
    count += Number(written);
  }
  return count;
}

/** How many entries the archives have written, once they are so many, or have had the time. */
export async function untilArchived(world: World, entries: number): Promise<number> {
  const deadlineMs = Date.now() + CATCH_UP_MS;
  let written = await entriesWritten(world);
  while (written < entries && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    written = await entriesWritten(world);
  }
  return written;
}
