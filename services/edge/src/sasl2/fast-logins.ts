import { createHash, createHmac } from 'node:crypto';
import { type Bus, call, RpcError } from '@starling/bus';
import { type FastToken, fast } from '@starling/contracts';
import type { FastRequest } from '@starling/features/xep-0484-fast/fast-request';
import type { HtMechanism } from '@starling/features/xep-0484-fast/mechanisms';
import type { BareJid } from '@starling/jid';
import { type OfferedToken, SaslError } from '../sasl/index.ts';

/** A token as its client is told it. */
export interface IssuedToken {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** A login with a token. */
export interface FastLogin {
  readonly client: string;
  readonly mechanism: HtMechanism;
  readonly request: FastRequest;
  /** For which mechanism the client asks a new token; '': it does not. */
  readonly wanted: string;
  /** The client gets a new token with its success. */
  readonly onIssued: (token: IssuedToken) => void;
}

/**
 * Tokens (XEP-0484), as edges know them: what the roster service keeps of one, and the key of all edges, make the token. Neither store has
 * it, nor what it could be guessed by; and who can read this process could log in as anybody anyway.
 */
export class FastLogins {
  readonly #bus: Bus;
  readonly #key: Uint8Array;
  readonly #timeoutMs: number;

  constructor(options: { bus: Bus; key: Uint8Array; timeoutMs: number }) {
    this.#bus = options.bus;
    this.#key = options.key;
    this.#timeoutMs = options.timeoutMs;
  }

  /** What the client may have for this login. @throws SaslError temporary-auth-failure */
  async tokensOf(user: BareJid, login: FastLogin): Promise<readonly OfferedToken[]> {
    const client = hashOf(login.client);
    const { tokens } = await orFail(call(this.#bus, fast.list, { user, client }, this.#timeoutMs));
    const now = Date.now();
    return tokens
      .filter(({ mechanism }) => mechanism === login.mechanism) // "Servers MUST bind tokens to the mechanism"
      .map((token) => ({
        text: this.#textOf(user, login.client, token),
        isExpired: token.expiresAtMs <= now,
        use: () => this.#use(user, client, token, login),
      }));
  }

  /** A new token for a client that has logged in otherwise. @throws what `call` throws */
  async issue(user: BareJid, client: string, mechanism: HtMechanism): Promise<IssuedToken | undefined> {
    const request = { user, client: hashOf(client), mechanism };
    const { issued } = await call(this.#bus, fast.issue, request, this.#timeoutMs);
    return issued == null ? undefined : this.#told(user, client, issued);
  }

  async #use(user: BareJid, client: Uint8Array, { id }: FastToken, login: FastLogin): Promise<void> {
    const use = { user, client, id, ...login.request, wanted: login.wanted };
    const { issued } = await orFail(call(this.#bus, fast.use, use, this.#timeoutMs));
    if (issued != null) login.onIssued(this.#told(user, login.client, issued));
  }

  #told(user: BareJid, client: string, token: FastToken): IssuedToken {
    return { text: this.#textOf(user, client, token), expiresAtMs: token.expiresAtMs };
  }

  #textOf(user: BareJid, client: string, { id, mechanism }: FastToken): string {
    const of = [user, client, mechanism, Buffer.from(id).toString('base64url')].join('\0');
    return createHmac('sha256', this.#key).update(of).digest('base64url');
  }
}

const hashOf = (client: string): Uint8Array => createHash('sha256').update(client).digest();

/** @throws SaslError not-authorized, temporary-auth-failure */
async function orFail<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (cause) {
    const isRefused = cause instanceof RpcError && cause.condition === 'not-authorized';
    throw new SaslError(isRefused ? 'not-authorized' : 'temporary-auth-failure', '', { cause });
  }
}
