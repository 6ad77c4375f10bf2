import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** RFC 5802: the keys of all accounts of a run. They are the same ones, so that no login costs a PBKDF2 of the client's. */
export interface SharedKeys {
  readonly mechanism: 'SCRAM-SHA-1';
  readonly salt: Buffer;
  readonly iterations: number;
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const ITERATIONS = 4096;
const SALT_BYTES = 16;
const KEY_BYTES = 20;
const NONCE_BYTES = 12;
/** "n,,": no channel binding, no authorization identity; and that in base64. */
const GS2_HEADER = 'n,,';
const GS2_HEADER_BASE64 = 'biws';

const hmac = (key: Buffer, text: string) => createHmac('sha1', key).update(text).digest();
const base64 = (text: string) => Buffer.from(text).toString('base64');

export function sharedKeys(password: string, salt: Buffer = randomBytes(SALT_BYTES)): SharedKeys {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha1');
  const clientKey = hmac(salted, 'Client Key');
  return {
    mechanism: 'SCRAM-SHA-1',
    salt,
    iterations: ITERATIONS,
    clientKey,
    storedKey: createHash('sha1').update(clientKey).digest(),
    serverKey: hmac(salted, 'Server Key'),
  };
}

/** One login with the shared keys, the client's side; messages are in base64, as SASL has them. */
export class ScramLogin {
  readonly #keys: SharedKeys;
  readonly #firstBare: string;

  constructor(keys: SharedKeys, username: string) {
    this.#keys = keys;
    this.#firstBare = `n=${username},r=${randomBytes(NONCE_BYTES).toString('base64')}`;
  }

  first(): string {
    return base64(GS2_HEADER + this.#firstBare);
  }

  /** @throws Error when the challenge is for other keys */
  final(challenge: string): string {
    const serverFirst = Buffer.from(challenge, 'base64').toString();
    const [, nonce = '', salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(serverFirst) ?? [];
    const { clientKey, storedKey } = this.#keys;
    if (salt !== this.#keys.salt.toString('base64') || Number(iterations) !== this.#keys.iterations)
      throw new Error(`an account with other keys: ${serverFirst}`);
    const bare = `c=${GS2_HEADER_BASE64},r=${nonce}`;
    const signature = hmac(storedKey, `${this.#firstBare},${serverFirst},${bare}`);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
    return base64(`${bare},p=${proof.toString('base64')}`);
  }
}
