import { randomBytes } from 'node:crypto';
import { RpcError } from '@starling/bus';
import type { FastToken, FastTokens, FastUse } from '@starling/contracts';
import { issueToken, tokensOf, useToken } from '@starling/features/xep-0484-fast/token-slots';

const BOUNDS = { clientsMax: 10, rotateMs: 60_000 };
const LIFETIME_MS = 3_600_000;

/** The roster service's answers about tokens, by its own rule, from memory. */
export class FakeFast {
  readonly #tokens = new Map<string, FastTokens>();

  async list({ user, client }: { user: string; client: Uint8Array }) {
    return { tokens: tokensOf(this.#of(user), client) };
  }

  async use(use: FastUse): Promise<{ issued?: FastToken }> {
    const used = useToken(this.#of(use.user), use, BOUNDS, Date.now());
    if (used === undefined) throw new RpcError('not-authorized');
    this.#tokens.set(use.user, used.tokens);
    return used.wanted === '' ? {} : this.issue({ ...use, mechanism: used.wanted });
  }

  async issue({ user, client, mechanism }: { user: string; client: Uint8Array; mechanism: string }) {
    const now = Date.now();
    const issued = { id: randomBytes(16), mechanism, issuedAtMs: now, expiresAtMs: now + LIFETIME_MS, count: 0 };
    this.#tokens.set(user, issueToken(this.#of(user), Uint8Array.from(client), issued, BOUNDS));
    return { issued };
  }

  #of(user: string): FastTokens {
    return this.#tokens.get(user) ?? { user, version: 0, keys: new Uint8Array(0), clients: [] };
  }
}
