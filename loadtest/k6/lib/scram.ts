// SCRAM (RFC 5802, RFC 7677) by WebCrypto, the client's side, without channel binding: k6 cannot look into TLS.
import { b64decode, b64encode } from 'k6/encoding';
import { ascii, type Bytes, utf8 } from './bytes.ts';

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const HASHES = {
  'SCRAM-SHA-1': { name: 'SHA-1', bits: 160 },
  'SCRAM-SHA-256': { name: 'SHA-256', bits: 256 },
} as const;
const NONCE_BYTES = 18;
/** "n,,": no channel binding, no authorization identity; and that in base64. */
const GS2_HEADER = 'n,,';
const GS2_HEADER_BASE64 = 'biws';

/** RFC 5802 §3: what a client may keep instead of the password, for the same salt and count of iterations. */
interface ClientKeys {
  readonly salt: string;
  readonly iterations: number;
  readonly clientKey: Bytes;
  readonly storedKey: Bytes;
  readonly serverKey: Bytes;
}

/** The logins of one user: the derived keys are kept, so that only his first one costs a PBKDF2. */
export class Scram {
  readonly #mechanism: ScramMechanism;
  readonly #username: string;
  readonly #password: string;
  #keys: ClientKeys | undefined;

  constructor(mechanism: ScramMechanism, username: string, password: string) {
    this.#mechanism = mechanism;
    this.#username = username;
    this.#password = password;
  }

  begin(): ScramExchange {
    const nonce = b64encode(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).buffer, 'rawurl');
    const name = this.#username.replace(/=/g, '=3D').replace(/,/g, '=2C'); // RFC 5802 §5.1
    return new ScramExchange(`n=${name},r=${nonce}`, nonce, this.#mechanism, (salt, count) =>
      this.#derive(salt, count),
    );
  }

  async #derive(salt: string, iterations: number): Promise<ClientKeys> {
    if (this.#keys?.salt === salt && this.#keys.iterations === iterations) return this.#keys;
    const { name: hash, bits } = HASHES[this.#mechanism];
    const password = await crypto.subtle.importKey('raw', utf8(this.#password), 'PBKDF2', false, ['deriveBits']);
    const parameters = { name: 'PBKDF2', hash, salt: new Uint8Array(b64decode(salt, 'std')), iterations };
    const salted = new Uint8Array(await crypto.subtle.deriveBits(parameters, password, bits));
    const clientKey = await hmac(hash, salted, 'Client Key');
    const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
    const serverKey = await hmac(hash, salted, 'Server Key');
    this.#keys = { salt, iterations, clientKey, storedKey, serverKey };
    return this.#keys;
  }
}

/** One login. Messages are in base64, as SASL has them. */
export class ScramExchange {
  readonly first: string;
  readonly #firstBare: string;
  readonly #nonce: string;
  readonly #mechanism: ScramMechanism;
  readonly #derive: (salt: string, iterations: number) => Promise<ClientKeys>;
  #signature = '';

  constructor(
    firstBare: string,
    nonce: string,
    mechanism: ScramMechanism,
    derive: (salt: string, iterations: number) => Promise<ClientKeys>,
  ) {
    this.first = b64encode(GS2_HEADER + firstBare, 'std');
    this.#firstBare = firstBare;
    this.#nonce = nonce;
    this.#mechanism = mechanism;
    this.#derive = derive;
  }

  /** What answers the server's challenge. @throws Error when that is not one of this exchange */
  async final(challenge: string): Promise<string> {
    const serverFirst = ascii(new Uint8Array(b64decode(challenge, 'std')));
    const [, nonce = '', salt = '', count = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(serverFirst) ?? [];
    if (!nonce.startsWith(this.#nonce) || salt === '') throw new Error('SCRAM: not an answer to what was asked');
    const { clientKey, storedKey, serverKey } = await this.#derive(salt, Number(count));
    const { name: hash } = HASHES[this.#mechanism];
    const bare = `c=${GS2_HEADER_BASE64},r=${nonce}`;
    const message = `${this.#firstBare},${serverFirst},${bare}`;
    const signature = await hmac(hash, storedKey, message);
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
    this.#signature = b64encode((await hmac(hash, serverKey, message)).buffer, 'std');
    return b64encode(`${bare},p=${b64encode(proof.buffer, 'std')}`, 'std');
  }

  /** RFC 5802 §5: whether the server knows the keys as well. */
  isServer(success: string): boolean {
    return ascii(new Uint8Array(b64decode(success, 'std'))) === `v=${this.#signature}`;
  }
}

async function hmac(hash: string, key: Bytes, text: string): Promise<Bytes> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign({ name: 'HMAC' }, imported, utf8(text)));
}
