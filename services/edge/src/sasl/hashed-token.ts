import { createHmac, timingSafeEqual } from 'node:crypto';
import type { BareJid } from '@starling/jid';
import { type Mechanism, type Step, userOf } from './mechanism.ts';
import { SaslError } from './sasl-error.ts';
import { decodeUtf8 } from './sasl-text.ts';

/** A token that the client may have. */
export interface OfferedToken {
  readonly text: string;
  readonly isExpired: boolean;
  /** The client has proven that it has it. @throws SaslError not-authorized: it is not good any more */
  use(): Promise<void>;
}

export interface HashedTokenOptions {
  readonly domain: string;
  /** What the channel binding of the mechanism gives; nothing without one. */
  readonly bound: Uint8Array;
  /** The tokens of this client for this mechanism. @throws SaslError temporary-auth-failure */
  readonly tokensOf: (user: BareJid) => Promise<readonly OfferedToken[]>;
}

const NUL = 0;
const HASH = 'sha256';
const HASH_BYTES = 32;
/** Where a client has no token, the same is computed. */
const NO_TOKEN = 'none';

/** HT-SHA-256-* (draft-schmaus-kitten-sasl-ht): one message from each side shows that both have the token, on the same channel. */
export class HashedToken implements Mechanism {
  readonly #options: HashedTokenOptions;
  #isOver = false;

  constructor(options: HashedTokenOptions) {
    this.#options = options;
  }

  async step(message: Uint8Array): Promise<Step> {
    // A second message there is not; a first one the client has to send with its request: XEP-0484 is about this one round trip.
    if (this.#isOver) throw new SaslError('malformed-request');
    this.#isOver = true;
    const { user, proof } = this.#parse(message);
    const tokens = await this.#options.tokensOf(user);
    const token = tokens.find(({ text }) => timingSafeEqual(this.#sign(text, 'Initiator'), proof));
    if (tokens.length === 0) this.#sign(NO_TOKEN, 'Initiator');
    if (token === undefined) throw new SaslError('not-authorized');
    // XEP-0484 "Server responsibilities": a token that is not trusted any more; said to who has it, and to nobody else.
    if (token.isExpired) throw new SaslError('credentials-expired');
    await token.use();
    return { success: user, data: this.#sign(token.text, 'Responder') };
  }

  /** initiator-msg = authcid NUL initiator-hashed-token */
  #parse(message: Uint8Array): { user: BareJid; proof: Uint8Array } {
    const end = message.indexOf(NUL);
    const proof = message.subarray(end + 1);
    if (end <= 0 || proof.length !== HASH_BYTES) throw new SaslError('malformed-request');
    return { user: userOf(decodeUtf8(message.subarray(0, end)), this.#options.domain), proof };
  }

  #sign(token: string, role: 'Initiator' | 'Responder'): Uint8Array {
    return createHmac(HASH, token).update(role).update(this.#options.bound).digest();
  }
}
