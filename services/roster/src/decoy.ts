import { createHmac } from 'node:crypto';
import type { ScramKeys } from '@starling/contracts';
import { KEY_BYTES } from './check.ts';

const SALT_BYTES = 16;
/** As in the keys that edges make. */
const ITERATIONS = 4096;

/**
 * Keys for a name without an account, the same at each request, so that nobody can tell a wrong password from an unknown name by
 * the salt that SCRAM shows (RFC 5802 §9).
 */
export function decoyKeys(secret: Uint8Array, user: string): readonly ScramKeys[] {
  const derive = (mechanism: string, what: string) =>
    createHmac('sha256', secret).update(`${mechanism}\0${what}\0${user}`).digest();
  return Object.entries(KEY_BYTES).map(([mechanism, bytes]) => ({
    mechanism,
    salt: derive(mechanism, 'salt').subarray(0, SALT_BYTES),
    iterations: ITERATIONS,
    storedKey: derive(mechanism, 'stored').subarray(0, bytes),
    serverKey: derive(mechanism, 'server').subarray(0, bytes),
  }));
}
