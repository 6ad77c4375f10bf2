import { type Position, SESSION_STATE, type SessionRow } from '@starling/contracts';
import { appended, EMPTY } from '@starling/runtime';
import type { ClientSession } from '../session.ts';

/** A session that gets what comes for its user's bare JID: available, its priority not negative (RFC 6121 §8.5.2.1.1). */
export interface Covering {
  readonly session: ClientSession;
  /** Behind it everything came live; undefined while it is not known where the log ends. */
  since: Position | undefined;
  /** What had waited has been delivered up to here. */
  deliveredUpTo: Position | undefined;
  /** All that had waited has been delivered. */
  isServed: boolean;
  /** Somebody is asking for it. */
  isAsking: boolean;
  /** What comes live waits for that. */
  halts: boolean;
  /** The archive has been told of it up to here. */
  toldUpTo: Position | undefined;
}

export interface CoverageChange {
  /** Of this edge. */
  readonly begun: readonly Covering[];
  readonly ended: readonly Covering[];
  /** The first of all that cover, if it is of this edge: what waits is its to deliver. */
  readonly first: Covering | undefined;
}

/** Whether what comes for the bare JID comes to it (RFC 6121 §8.5.2.1.1). */
export const covers = ({ state, priority }: SessionRow): boolean => state === SESSION_STATE.available && priority >= 0;

/** Which of a user's sessions cover his log, as one edge sees it. */
export class UserCoverage {
  /** Ids of all of them, on whichever edge, in the order in which they were first seen to. */
  #order: readonly string[] = [];
  #local: Covering[] = EMPTY;

  get local(): Iterable<Covering> {
    return this.#local;
  }

  get isEmpty(): boolean {
    return this.#local.length === 0;
  }

  has(session: ClientSession): boolean {
    return this.#find(session.id) !== undefined;
  }

  /** Since when the session covers, if it does. */
  of({ id }: ClientSession): Covering | undefined {
    return this.#find(id);
  }

  /** The session still covers, and by what it has begun with. */
  holds(covering: Covering): boolean {
    return this.#local.includes(covering);
  }

  /** Another table: `local` has this edge's sessions by resource, `at` is where the log has been delivered up to. */
  update(
    rows: readonly SessionRow[],
    local: ReadonlyMap<string, ClientSession>,
    at: Position | undefined,
  ): CoverageChange {
    const now = rows.filter(covers);
    const ids = new Set(now.map(({ session }) => session));
    const stayed = this.#order.filter((id) => ids.has(id));
    const known = new Set(this.#order);
    // Of two that come at once, everywhere the same one is the first.
    const come = now
      .filter(({ session }) => !known.has(session))
      .sort((a, b) => a.boundAt - b.boundAt || (a.session < b.session ? -1 : 1));
    if (come.length > 0) this.#order = stayed.concat(come.map(({ session }) => session));
    else if (stayed.length < this.#order.length) this.#order = stayed;
    const ended = this.#local.filter(({ session }) => !ids.has(session.id));
    for (const covering of ended) this.#forget(covering);
    const begun = now.flatMap((row) => this.#begin(local.get(row.resource), row, at));
    const first = this.#find(this.#order[0] ?? '');
    return { begun, ended, first };
  }

  /** The session is over, whatever the table says. */
  remove(session: ClientSession): Covering | undefined {
    const covering = this.#find(session.id);
    if (covering?.session !== session) return undefined; // it goes on here as another one
    this.#forget(covering);
    return covering;
  }

  #find(id: string): Covering | undefined {
    for (const covering of this.#local) if (covering.session.id === id) return covering;
    return undefined;
  }

  #forget(covering: Covering): void {
    const rest = this.#local.filter((other) => other !== covering);
    this.#local = rest.length === 0 ? EMPTY : rest;
  }

  #begin(session: ClientSession | undefined, row: SessionRow, at: Position | undefined): readonly Covering[] {
    if (session === undefined || session.id !== row.session) return [];
    const before = this.#find(session.id);
    if (before?.session === session) return [];
    if (before !== undefined) this.#forget(before);
    const { covered, sm } = session;
    // What its replay (XEP-0198 §5) has not come to yet, that brings: nothing comes twice.
    const replayed = sm?.isReplaying === true ? sm.reached : undefined;
    const begun = {
      ...{
        session,
        since: covered?.since ?? replayed ?? at,
        deliveredUpTo: undefined,
        isServed: covered?.served ?? false,
      },
      ...{ isAsking: false, halts: false, toldUpTo: undefined },
    };
    this.#local = appended(this.#local, begun);
    return [begun];
  }
}
