import type { FastClient, FastToken, FastTokens, FastUse } from '@starling/contracts';

/** What one account's clients may have. */
export interface FastBounds {
  /** Clients that have tokens; of more, the one that was used longest ago loses its own. */
  readonly clientsMax: number;
  /** A token that is older is replaced when it is used. */
  readonly rotateMs: number;
}

/** What became of a use. */
export interface Used {
  readonly tokens: FastTokens;
  /** A new token is due, for this mechanism; '' = none. */
  readonly wanted: string;
  /** It is another token that holds now, not only another count. */
  readonly changed: boolean;
}

/** The tokens that a client may have, the newest first; also expired ones. */
export function tokensOf(tokens: FastTokens, client: Uint8Array): readonly FastToken[] {
  const { fresh, current } = slotsOf(tokens, client);
  return [fresh, current].filter((token) => token != null);
}

/**
 * A client has proven that it has a token: what holds from now on ("Server-side handling of multiple active tokens"). Undefined when the
 * token is not good any more: it was replaced or invalidated meanwhile, has expired, or its count has been there (replay).
 */
export function useToken(tokens: FastTokens, use: FastUse, bounds: FastBounds, nowMs: number): Used | undefined {
  const { fresh, current } = slotsOf(tokens, use.client);
  const used = [fresh, current].find((token) => token != null && areEqual(token.id, use.id));
  if (used == null || used.expiresAtMs <= nowMs) return undefined;
  if (use.count > 0 && use.count <= used.count) return undefined;
  // "Client requests token invalidation": a new one only if it asks for it. One that it was given and has not used goes as well: whoever
  // logs out has it at most by mistake.
  if (use.invalidate) return { tokens: withClient(tokens, use.client, {}, bounds), wanted: use.wanted, changed: true };
  const kept = { ...used, count: Math.max(used.count, use.count) };
  // What was issued behind the current one is what the client may have got without our knowing; what was issued before is void now.
  const newer = used === current && fresh != null && fresh.expiresAtMs > used.expiresAtMs ? fresh : undefined;
  const slots = newer === undefined ? { current: kept } : { current: kept, fresh: newer };
  const isDue = nowMs - used.issuedAtMs >= bounds.rotateMs;
  return {
    tokens: withClient(tokens, use.client, slots, bounds),
    wanted: use.wanted !== '' || !isDue ? use.wanted : used.mechanism,
    changed: used === fresh || newer !== (fresh ?? undefined),
  };
}

/** A new token for a client: one that it was given before and has not used is void. The one in use holds until this one is used. */
export function issueToken(tokens: FastTokens, client: Uint8Array, fresh: FastToken, bounds: FastBounds): FastTokens {
  const { current } = slotsOf(tokens, client);
  return withClient(tokens, client, current == null ? { fresh } : { fresh, current }, bounds);
}

type Slots = Pick<FastClient, 'fresh' | 'current'>;

const slotsOf = ({ clients }: FastTokens, client: Uint8Array): Slots =>
  clients.find((c) => areEqual(c.client, client)) ?? {};

/** The client is now the one that was used last; without a token it is none any more. */
function withClient(tokens: FastTokens, client: Uint8Array, slots: Slots, { clientsMax }: FastBounds): FastTokens {
  const others = tokens.clients.filter((c) => !areEqual(c.client, client));
  const hasTokens = slots.fresh != null || slots.current != null;
  const clients = hasTokens ? [...others, { client, ...slots }] : others;
  return { ...tokens, clients: clients.slice(-clientsMax) };
}

const areEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
