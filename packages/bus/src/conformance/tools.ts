import { partitionOf, streamOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';

const WAIT_MS = 15_000;
const POLL_MS = 5;

/** Waits for a condition. @throws when it does not come true within 15 s */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The first users of a stream, in a row that is always the same. */
export function usersOf(stream: number, streams: number, count: number): BareJid[] {
  const users: BareJid[] = [];
  for (let i = 0; users.length < count; i++) {
    const user = `user${i}@example.com` as BareJid;
    if (streamOf(partitionOf(user), streams) === stream) users.push(user);
  }
  return users;
}

/** What is no subject and no key, and could be more than one on the wire: of U+4E0D and U+4E0A the low bytes are CR and LF. */
export const STRANGE: readonly string[] = [
  ...['a b', 'a\r\nPUB end 1', 'a\0', 'a\u007f', 'é', '不上PUB end 1不上'],
  'a'.repeat(5_000),
];
