import type { KeysReply } from '@starling/contracts';
import { type BareJid, makeBareJid, parseBareJid } from '@starling/jid';
import { SaslError } from './sasl-error.ts';

/** What the server says to one message of the client. */
export type Step =
  | { readonly challenge: Uint8Array }
  /** Who the client is now; `data` is what SASL calls additional data with success. */
  | { readonly success: BareJid; readonly data?: Uint8Array };

/** One authentication exchange, from the server's side. */
export interface Mechanism {
  /**
   * Takes the client's next message. The first one is its initial response; empty when it sent none, and the answer is then
   * an empty challenge (RFC 4422 §5).
   * @throws SaslError; the exchange is over then
   */
  step(message: Uint8Array): Promise<Step>;
}

/** What the exchange can be bound to (RFC 5056). */
export interface Bindings {
  readonly types: readonly string[];
  /** Undefined for a type that there is not. */
  dataOf(type: string): Uint8Array | undefined;
}

/** Where a mechanism gets what it needs. */
export interface MechanismOptions {
  /** Default: none. */
  readonly bindings?: Bindings;
  /** The domain whose accounts log in here. */
  readonly domain: string;
  /** The account's SCRAM keys, or a decoy. However it rejects, the client hears temporary-auth-failure. */
  readonly lookup: (user: BareJid) => Promise<KeysReply>;
}

/**
 * The account of a simple user name (RFC 6120 §6.3.7).
 * @throws SaslError not-authorized: such a name cannot exist, and nobody learns more than that it has no account
 */
export function userOf(username: string, domain: string): BareJid {
  try {
    return makeBareJid(username, domain);
  } catch (cause) {
    throw new SaslError('not-authorized', '', { cause });
  }
}

/**
 * RFC 6120 §6.3.8: a client may name the account it wants to act as; here that can only be its own.
 * @throws SaslError invalid-authzid
 */
export function checkAuthzid(authzid: string, user: BareJid): void {
  if (authzid === '' || authzid === user) return;
  try {
    if (parseBareJid(authzid) === user) return;
  } catch (cause) {
    throw new SaslError('invalid-authzid', '', { cause });
  }
  throw new SaslError('invalid-authzid');
}

/**
 * The keys of a user, whether he exists or not.
 * @throws SaslError temporary-auth-failure: nobody can say now
 */
export async function lookupKeys(user: BareJid, options: MechanismOptions): Promise<KeysReply> {
  try {
    return await options.lookup(user);
  } catch (cause) {
    throw new SaslError('temporary-auth-failure', '', { cause });
  }
}
