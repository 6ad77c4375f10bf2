import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** SCRAM without channel binding (RFC 5802, RFC 7677), the client's side; written apart from the server's. */
export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const DIGESTS = {
  'SCRAM-SHA-1': { digest: 'sha1', bytes: 20 },
  'SCRAM-SHA-256': { digest: 'sha256', bytes: 32 },
} as const;
/** "n,,": no channel binding, no authorization identity. */
const GS2_HEADER = 'n,,';

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}

function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}

export class ScramClient {
  readonly #mechanism: ScramMechanism;
  readonly #password: string;
  readonly #nonce = randomBytes(18).toString('base64');
  readonly #firstBare: string;
  #serverSignature = Buffer.alloc(0);

  constructor(mechanism: ScramMechanism, username: string, password: string) {
    this.#mechanism = mechanism;
    this.#password = password;
    this.#firstBare = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.#nonce}`;
  }

  /** The client-first-message. */
  first(): string {
    return GS2_HEADER + this.#firstBare;
  }

  /** The client-final-message for a server-first-message. @throws Error when the server's nonce is not ours continued */
  final(serverFirst: string): string {
    const { digest, bytes } = DIGESTS[this.#mechanism];
    const fields = fieldsOf(serverFirst);
    const nonce = fields.get('r') ?? '';
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce)
      throw new Error('SCRAM: the server did not add to the nonce');
    const salted = pbkdf2Sync(
      this.#password.normalize('NFKC'),
      Buffer.from(fields.get('s') ?? '', 'base64'),
      Number(fields.get('i')),
      bytes,
      digest,
    );
    const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest();
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(digest).update(clientKey).digest();
    const finalBare = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${finalBare}`;
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), authMessage);
    return `${finalBare},p=${xor(clientKey, hmac(storedKey, authMessage)).toString('base64')}`;
  }

  /** Whether the server knows the keys too: it must prove that with its final message (RFC 5802 §5). */
  verify(serverFinal: string): boolean {
    const signature = Buffer.from(fieldsOf(serverFinal).get('v') ?? '', 'base64');
    return signature.length === this.#serverSignature.length && timingSafeEqual(signature, this.#serverSignature);
  }
}
