import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from '@mongodb-js/saslprep';
import type { ScramKeys } from '@starling/contracts';

const pbkdf2Async = promisify(pbkdf2);

/** The hash under each SCRAM mechanism (RFC 5802, RFC 7677), as node:crypto names it, and its length in bytes. */
export const SCRAM_HASHES = {
  'SCRAM-SHA-256': { hash: 'sha256', bytes: 32 },
  'SCRAM-SHA-1': { hash: 'sha1', bytes: 20 },
} as const;
export type ScramName = keyof typeof SCRAM_HASHES;

/** RFC 7677 §4: at least 4096. */
export const ITERATIONS_DEFAULT = 4096;
export const SALT_BYTES = 16;
/** SASLprep is linear, but nobody needs to type more than this. */
export const PASSWORD_BYTES_MAX = 1024;

/** This password cannot be used: empty, too long, or with characters that RFC 4013 prohibits. */
export class PasswordError extends Error {
  override readonly name = 'PasswordError';
}

export interface DeriveOptions {
  readonly mechanism: ScramName;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/**
 * What is stored instead of a password (RFC 5802 §3). The derivation runs in the thread pool. Code points that are unassigned in Unicode 3.2
 * are let through, as RFC 3454 §7 has it for queries.
 * @throws PasswordError
 */
export async function deriveKeys(password: string, options: DeriveOptions): Promise<ScramKeys> {
  return deriveFromPrepared(preparePassword(password, { stored: false }), options);
}

/**
 * Keys of a new password: one for each mechanism, each with a salt of its own.
 * @throws PasswordError also for code points that RFC 3454 §7 does not allow in stored strings
 */
export async function makeKeys(password: string, iterations = ITERATIONS_DEFAULT): Promise<ScramKeys[]> {
  const prepared = preparePassword(password, { stored: true });
  const names = Object.keys(SCRAM_HASHES) as ScramName[];
  return Promise.all(
    names.map((mechanism) => deriveFromPrepared(prepared, { mechanism, salt: randomBytes(SALT_BYTES), iterations })),
  );
}

async function deriveFromPrepared(
  password: string,
  { mechanism, salt, iterations }: DeriveOptions,
): Promise<ScramKeys> {
  const { hash, bytes } = SCRAM_HASHES[mechanism];
  const salted = await pbkdf2Async(password, salt, iterations, bytes, hash);
  const clientKey = createHmac(hash, salted).update('Client Key').digest();
  return {
    mechanism,
    salt,
    iterations,
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: createHmac(hash, salted).update('Server Key').digest(),
  };
}

function preparePassword(password: string, { stored }: { stored: boolean }): string {
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) throw new PasswordError('the password is too long');
  const prepared = prepare(password, stored);
  if (prepared === '') throw new PasswordError('the password is empty');
  return prepared;
}

function prepare(password: string, stored: boolean): string {
  // The library stumbles over a password of nothing but soft hyphens and the like; its complaint then says nothing.
  try {
    return saslprep(password, { allowUnassigned: !stored });
  } catch (cause) {
    throw new PasswordError('the password has characters that cannot be used', { cause });
  }
}
