import { timingSafeEqual } from 'node:crypto';
import type { KeysReply, ScramKeys } from '@starling/contracts';
import { deriveKeys, PasswordError, SCRAM_HASHES, type ScramName } from './keys.ts';
import { checkAuthzid, lookupKeys, type Mechanism, type MechanismOptions, type Step, userOf } from './mechanism.ts';
import { SaslError } from './sasl-error.ts';
import { decodeUtf8 } from './sasl-text.ts';

/** PLAIN (RFC 4616): the password comes as it is, and is checked against the stored SCRAM keys. */
export class Plain implements Mechanism {
  readonly #options: MechanismOptions;
  #state: 'start' | 'asked' | 'over' = 'start';

  constructor(options: MechanismOptions) {
    this.#options = options;
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
    const { authzid, username, password } = parsePlain(message);
    const user = userOf(username, this.#options.domain);
    checkAuthzid(authzid, user);
    const reply = await lookupKeys(user, this.#options);
    const proven = await matches(password, keysOf(reply));
    if (!proven || !reply.exists) throw new SaslError('not-authorized');
    return { success: user };
  }
}

function parsePlain(message: Uint8Array): { authzid: string; username: string; password: string } {
  const parts = decodeUtf8(message).split('\0');
  const [authzid = '', username = '', password = ''] = parts;
  if (parts.length !== 3 || username === '' || password === '') throw new SaslError('malformed-request');
  return { authzid, username, password };
}

/** The strongest keys that the account has. */
function keysOf(reply: KeysReply): ScramKeys & { readonly mechanism: ScramName } {
  for (const mechanism of Object.keys(SCRAM_HASHES) as ScramName[]) {
    const keys = reply.keys.find((k) => k.mechanism === mechanism);
    if (keys?.storedKey.length === SCRAM_HASHES[mechanism].bytes && keys.iterations > 0) return { ...keys, mechanism };
  }
  throw new SaslError('temporary-auth-failure', '', { cause: new Error('no SCRAM keys in the reply') });
}

async function matches(password: string, keys: ScramKeys & { readonly mechanism: ScramName }): Promise<boolean> {
  try {
    const derived = await deriveKeys(password, keys);
    return timingSafeEqual(derived.storedKey, keys.storedKey);
  } catch (cause) {
    // Such a password can never have been stored.
    if (cause instanceof PasswordError) throw new SaslError('not-authorized', '', { cause });
    throw new SaslError('temporary-auth-failure', '', { cause });
  }
}
