import { RpcError } from '@starling/bus';
import type { ScramKeys } from '@starling/contracts';
import { localOf, tryParseJid } from '@starling/jid';

/** Bytes of the keys of each mechanism: its hash's (RFC 5802, RFC 7677). */
export const KEY_BYTES: Readonly<Record<string, number>> = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32 };
const SALT_BYTES_MAX = 64;
/** RFC 7677 §4. */
const ITERATIONS_MIN = 4096;
/** A login costs the client as many; beyond this it would look like an attack on him. */
const ITERATIONS_MAX = 10_000_000;

/** @throws RpcError jid-malformed when it is not the prepared bare JID of a user */
export function checkUser(user: string): void {
  const jid = tryParseJid(user);
  if (jid !== user || user.includes('/') || localOf(jid) === '')
    throw new RpcError('jid-malformed', 'an account is called by a prepared bare JID');
}

/** @throws RpcError bad-request when these are no keys of a SCRAM login */
export function checkKeys(keys: readonly ScramKeys[]): void {
  const mechanisms = new Set(keys.map((key) => key.mechanism));
  if (keys.length === 0 || mechanisms.size !== keys.length || !keys.every(isSound))
    throw new RpcError('bad-request', 'an account needs sound keys, one for a mechanism');
}

function isSound({ mechanism, salt, iterations, storedKey, serverKey }: ScramKeys): boolean {
  const bytes = KEY_BYTES[mechanism];
  return (
    bytes !== undefined &&
    storedKey.length === bytes &&
    serverKey.length === bytes &&
    salt.length > 0 &&
    salt.length <= SALT_BYTES_MAX &&
    iterations >= ITERATIONS_MIN &&
    iterations <= ITERATIONS_MAX
  );
}

/** Whether two sets of keys are the same, whatever their order. */
export function areEqual(a: readonly ScramKeys[], b: readonly ScramKeys[]): boolean {
  const texts = (keys: readonly ScramKeys[]) => keys.map(textOf).sort().join();
  return texts(a) === texts(b);
}

const textOf = ({ mechanism, salt, iterations, storedKey, serverKey }: ScramKeys): string =>
  [mechanism, iterations, ...[salt, storedKey, serverKey].map((bytes) => Buffer.from(bytes).toString('hex'))].join(':');
