import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnWorld } from '@starling/testkit';
import { openWriter } from '../smoke-history/people.ts';

export const JULIET = 'juliet';
/** Makes an account between the halves of a backup. */
export const LATE = 'late';
/** Removes the account between the halves of a backup. */
export const LEAVING = 'leaving';

const POLL_MS = 200;
const TIMEOUT_MS = 60_000;

export const writerNames = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `romeo-${n}`);

/** XEP-0077 §3.2 */
export async function removeAccount(world: OwnWorld, username: string): Promise<void> {
  const client = await openWriter(world.endpoint('tcp'), world.domain, username);
  client.sendXml(`<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>`);
  await client.ended();
  await client.close();
}

/** Whether it becomes so in time. */
export async function becomes(isSo: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
