import { type HeldSession, SESSION_STATE, type SessionsReply } from '@starling/contracts';

/** A session and where it is. */
export interface FoundSession extends HeldSession {
  readonly edge: string;
}

export function foundOn(edge: string, held: HeldSession): FoundSession {
  // Field by field: what a message does not carry stands on its prototype, where a spread does not look.
  const { jid, session, state, priority, boundAt, carbons, inactive, resumable, unacked, detachedAt } = held;
  return { edge, jid, session, state, priority, boundAt, carbons, inactive, resumable, unacked, detachedAt };
}

const nameOf = (state: number): string =>
  Object.entries(SESSION_STATE).find(([, value]) => value === state)?.[0] ?? String(state);

/** For scripts. */
export function sessionJson({ state, boundAt, detachedAt, ...rest }: FoundSession) {
  return {
    ...rest,
    state: nameOf(state),
    boundAt: new Date(boundAt).toISOString(),
    detachedAt: detachedAt === 0 ? null : new Date(detachedAt).toISOString(),
  };
}

/** For people: one line. */
export function sessionLine(session: FoundSession): string {
  const { edge, jid, state, priority, boundAt, carbons, inactive, resumable, unacked, detachedAt } = session;
  const marks = [
    carbons && 'carbons',
    inactive && 'inactive',
    resumable && 'resumable',
    unacked > 0 && `${unacked} unacknowledged`,
  ].filter((mark) => mark !== false);
  const shown = detachedAt === 0 ? nameOf(state) : `away since ${new Date(detachedAt).toISOString()}`;
  const since = new Date(boundAt).toISOString();
  return [edge, jid, `${shown}, priority ${priority}, bound ${since}`, marks.join(', ')].join('  ').trimEnd();
}

/** What an edge holds, all pages together. */
export const countsLine = (edge: string, { total, users, detached }: SessionsReply): string =>
  `${edge}: ${total} sessions of ${users} users, ${detached} away`;
