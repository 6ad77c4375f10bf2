import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeysReply, ScramKeys } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { SCRAM_HASHES, type ScramName } from './keys.ts';
import { checkAuthzid, lookupKeys, type Mechanism, type MechanismOptions, type Step, userOf } from './mechanism.ts';
import { SaslError } from './sasl-error.ts';
import { decodeBase64, decodeUtf8, toBase64 } from './sasl-text.ts';
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-syntax.ts';

const SERVER_NONCE_BYTES = 18;

interface Exchange {
  readonly first: ClientFirst;
  /** What the client's `c=` has to be: the header, and the data of the binding. */
  readonly bound: Uint8Array;
  readonly user: BareJid;
  readonly reply: KeysReply;
  readonly keys: ScramKeys;
  /** The client's nonce and ours. */
  readonly nonce: string;
  readonly serverFirst: string;
}
type State = 'start' | 'asked' | Exchange | 'over';

/**
 * SCRAM and SCRAM-PLUS (RFC 5802, RFC 7677), the server's side. Which of them was chosen has to fit the client's flag (§6), so that nobody in between
 * can have taken the -PLUS ones out of the offer.
 * An unknown user goes the whole way with the decoy keys of the lookup and fails where a wrong password does.
 */
export class Scram implements Mechanism {
  readonly #name: ScramName;
  readonly #options: MechanismOptions;
  readonly #isPlus: boolean;
  readonly #serverNonce: string;
  #state: State = 'start';

  /** `serverNonce`: only for the vectors of the RFCs. */
  constructor(
    name: ScramName,
    options: MechanismOptions,
    { isPlus = false, serverNonce }: { readonly isPlus?: boolean; readonly serverNonce?: string } = {},
  ) {
    this.#name = name;
    this.#options = options;
    this.#isPlus = isPlus;
    this.#serverNonce = serverNonce ?? randomBytes(SERVER_NONCE_BYTES).toString('base64');
  }

  async step(message: Uint8Array): Promise<Step> {
    const state = this.#state;
    // Whatever throws below, and whoever calls again before this step has settled: the exchange is over.
    this.#state = 'over';
    if (state === 'over') throw new SaslError('malformed-request');
    if (state === 'start' && message.length === 0) {
      this.#state = 'asked';
      return { challenge: message };
    }
    return typeof state === 'string' ? this.#first(message) : this.#final(message, state);
  }

  async #first(message: Uint8Array): Promise<Step> {
    const first = parseClientFirst(decodeUtf8(message));
    const bound = this.#boundBy(first);
    const user = userOf(first.username, this.#options.domain);
    checkAuthzid(first.authzid, user);
    const reply = await lookupKeys(user, this.#options);
    const keys = this.#keysOf(reply);
    const nonce = first.nonce + this.#serverNonce;
    const serverFirst = `r=${nonce},s=${toBase64(keys.salt)},i=${keys.iterations}`;
    this.#state = { first, bound, user, reply, keys, nonce, serverFirst };
    return { challenge: Buffer.from(serverFirst) };
  }

  async #final(message: Uint8Array, exchange: Exchange): Promise<Step> {
    const { first, keys } = exchange;
    const final = parseClientFinal(decodeUtf8(message));
    const binding = decodeBase64(final.channelBinding);
    const proof = decodeBase64(final.proof);
    if (binding === undefined || proof === undefined) throw new SaslError('malformed-request');
    // RFC 5802 §6: flag and binding are sent again under the proof, so that nobody in between can have changed them.
    if (final.nonce !== exchange.nonce || Buffer.compare(binding, exchange.bound) !== 0) {
      throw new SaslError('not-authorized');
    }
    const { hash, bytes } = SCRAM_HASHES[this.#name];
    if (proof.length !== bytes) throw new SaslError('malformed-request');

    const authMessage = `${first.bare},${exchange.serverFirst},${final.withoutProof}`;
    const clientKey = createHmac(hash, keys.storedKey).update(authMessage).digest();
    for (let i = 0; i < bytes; i++) clientKey[i] = (clientKey[i] ?? 0) ^ (proof[i] ?? 0);
    const proven = timingSafeEqual(createHash(hash).update(clientKey).digest(), keys.storedKey);
    if (!proven || !exchange.reply.exists) throw new SaslError('not-authorized');
    const signature = createHmac(hash, keys.serverKey).update(authMessage).digest('base64');
    return { success: exchange.user, data: Buffer.from(`v=${signature}`) };
  }

  #boundBy({ flag, binding, gs2Header }: ClientFirst): Uint8Array {
    const { bindings } = this.#options;
    if (this.#isPlus !== (flag === 'p'))
      throw new SaslError('malformed-request', 'the flag is not that of the mechanism');
    // §6: "If the flag is set to "y" and the server supports channel binding, the server MUST fail authentication".
    if (flag === 'y' && bindings !== undefined && bindings.types.length > 0) throw new SaslError('not-authorized');
    const header = Buffer.from(gs2Header);
    if (flag !== 'p') return header;
    const data = bindings?.dataOf(binding);
    if (data === undefined) throw new SaslError('malformed-request', 'an unknown type of channel binding');
    return Buffer.concat([header, data]);
  }

  #keysOf(reply: KeysReply): ScramKeys {
    const keys = reply.keys.find((k) => k.mechanism === this.#name);
    const { bytes } = SCRAM_HASHES[this.#name];
    if (keys?.storedKey.length === bytes && keys.serverKey.length === bytes && keys.iterations > 0) return keys;
    throw new SaslError('temporary-auth-failure', '', { cause: new Error(`no ${this.#name} keys in the reply`) });
  }
}
