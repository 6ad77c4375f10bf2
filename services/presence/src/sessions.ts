import type { SessionEvent, SessionRow } from '@starling/contracts';
import { boundRow, type EdgeRef, isAvailable, isLater, ownCopy, type Row, rowOf, tableRowOf, traceOf } from './row.ts';
import type { Tallies } from './tallies.ts';

/** A session's presence is over: what has to be said, and to whom besides those who watch the user. */
export interface Departure {
  /** Full JID. */
  readonly jid: string;
  readonly resource: string;
  readonly stamp: number;
  /** As its edge wrote it; empty when nobody did. */
  readonly presence: Uint8Array;
  readonly wasAvailable: boolean;
  readonly directed: readonly string[];
  /** The session itself is over, or another one has its resource: nobody is there to hear of it. */
  readonly isEnded: boolean;
  /** Where the presence is in a trace; undefined: nobody traces it. */
  readonly trace: Uint8Array | undefined;
}

/** What one event has changed. */
export interface Change {
  /** Edges do not know it yet. */
  readonly table: boolean;
  readonly departures: readonly Departure[];
  readonly arrived: Row | undefined;
  /** It was and is available, with another presence. */
  readonly updated: Row | undefined;
}

const NO_DEPARTURE: readonly Departure[] = [];
const NOTHING: Change = { table: false, departures: NO_DEPARTURE, arrived: undefined, updated: undefined };
const TABLE: Change = { ...NOTHING, table: true };
const NO_BYTES = new Uint8Array(0);
const NOBODY: readonly string[] = [];

export interface BindOutcome {
  readonly row: Row;
  readonly change: Change;
}

/** The sessions of one user: which there are, in which order, and what each event means. No I/O. */
export class Sessions {
  readonly #user: string;
  readonly #tallies: Tallies;
  readonly #rows = new Map<string, Row>();
  #edges: readonly string[] | undefined;

  /** @param tallies of the user's partition */
  constructor(user: string, tallies: Tallies) {
    this.#user = user;
    this.#tallies = tallies;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(resource: string): Row | undefined {
    return this.#rows.get(resource);
  }

  values(): Iterable<Row> {
    return this.#rows.values();
  }

  available(): readonly Row[] {
    const rows: Row[] = [];
    for (const row of this.#rows.values()) if (row.isAvailable) rows.push(row);
    return rows;
  }

  get hasAvailable(): boolean {
    for (const row of this.#rows.values()) if (row.isAvailable) return true;
    return false;
  }

  /**
   * Those that hold a session, an available one or not: an edge knows first that one has become available, and shows it what is on its way;
   * it must get what ends that as well.
   */
  get edges(): readonly string[] {
    this.#edges ??= [...new Set(Array.from(this.#rows.values(), (row) => row.edge.id))];
    return this.#edges;
  }

  table(): readonly SessionRow[] {
    return Array.from(this.#rows.values(), tableRowOf);
  }

  /**
   * A new holder of the resource. The same session asks again when the answer was lost.
   * @param after the greatest stamp or bind that is known of this full JID, if it has no row
   */
  bind(bind: { resource: string; session: string; edge: EdgeRef }, nowMs: number, after: number): BindOutcome {
    const known = this.#rows.get(bind.resource);
    if (known?.session === bind.session) return { row: known, change: NOTHING };
    const boundAt = Math.max(nowMs, 1 + Math.max(after, known?.boundAt ?? 0, known?.stamp ?? 0));
    const departures = known === undefined ? NO_DEPARTURE : this.#remove(known, undefined);
    const row = boundRow(this.#user, bind, boundAt, nowMs);
    this.#put(row);
    return { row, change: { ...TABLE, departures } };
  }

  /**
   * A session goes on at another edge, as it was there. Undefined: it is over, or its resource is another one's. One that is not known
   * goes on only when it is `fresh`: then its window cannot have run out.
   */
  resume(event: SessionEvent, edge: EdgeRef, fresh: boolean, nowMs: number): BindOutcome | undefined {
    const known = this.#rows.get(event.resource);
    const isSame = known?.session === event.session;
    if (isSame ? event.epoch < known.epoch : known === undefined ? !fresh : !fresh || !isLater(event, known))
      return undefined;
    const change = this.apply(event, edge);
    const row = this.#rows.get(event.resource);
    if (row === undefined) return undefined;
    // As at a bind: what its edge said of all its sessions before may still come.
    this.#tallies.remove(row);
    row.unconfirmedSinceMs = nowMs;
    this.#tallies.add(row);
    return { row, change };
  }

  /** What an edge says of a session: the truth, unless another session has its resource since. */
  apply(event: SessionEvent, edge: EdgeRef): Change {
    const known = this.#rows.get(event.resource);
    if (known === undefined) return this.#add(event, edge, NO_DEPARTURE);
    if (known.session === event.session && event.epoch < known.epoch) return NOTHING; // it goes on elsewhere
    if (known.session === event.session) {
      if (event.ended) return this.#end(known, event);
      this.#tallies.remove(known);
      const change = this.#update(known, event, edge);
      this.#tallies.add(known);
      return change;
    }
    // Displaced. Its edge did not see it in the table, or it would be over.
    if (!isLater(event, known)) return event.ended ? NOTHING : TABLE;
    return this.#add(event, edge, event.ended ? NO_DEPARTURE : this.#remove(known, undefined));
  }

  /** The session is over without a word of its edge. */
  lose(row: Row): Change {
    return { ...TABLE, departures: this.#remove(row, undefined) };
  }

  #add(event: SessionEvent, edge: EdgeRef, departures: readonly Departure[]): Change {
    if (event.ended) {
      // Somebody may have been told of it by an earlier owner; who was not hears nothing now (views).
      const departure = { ...departureOf(rowOf(event, edge), event), wasAvailable: event.stamp > 0 };
      return isHeard(departure) ? { ...NOTHING, departures: [departure] } : NOTHING;
    }
    const row = rowOf(event, edge);
    this.#put(row);
    return { table: true, departures, arrived: row.isAvailable ? row : undefined, updated: undefined };
  }

  #end(row: Row, event: SessionEvent): Change {
    return { ...TABLE, departures: this.#remove(row, event) };
  }

  #update(row: Row, event: SessionEvent, edge: EdgeRef): Change {
    const hasMoved = row.edge.incarnation !== edge.incarnation;
    const isNewer = event.stamp > row.stamp;
    const isOther = row.priority !== event.priority || row.carbons !== event.carbons;
    let table = hasMoved || isOther || row.epoch !== event.epoch || (isNewer && row.state !== event.state);
    row.unconfirmedSinceMs = 0;
    row.edge = edge;
    row.priority = event.priority;
    row.carbons = event.carbons;
    row.windowMs = event.windowMs;
    row.epoch = event.epoch;
    row.isOrphan = false;
    if (!isNewer) {
      row.directed = event.directed;
      // Detached and back again: no presence was sent.
      if (row.isAvailable && row.state !== event.state && isAvailable(event, true)) {
        row.state = event.state;
        table = true;
      }
      if (table) this.#edges = undefined;
      return table ? TABLE : NOTHING;
    }
    const was = row.isAvailable;
    const departure = departureOf(row, event);
    row.state = event.state;
    row.isAvailable = isAvailable(event, was);
    row.stamp = event.stamp;
    row.presence = ownCopy(event.presence);
    row.trace = traceOf(event);
    row.directed = row.isAvailable ? event.directed : NOBODY;
    if (table) this.#edges = undefined;
    if (row.isAvailable)
      return { table, departures: NO_DEPARTURE, arrived: was ? undefined : row, updated: was ? row : undefined };
    return { ...NOTHING, table, departures: isHeard(departure) ? [departure] : NO_DEPARTURE };
  }

  #put(row: Row): void {
    this.#rows.set(row.resource, row);
    this.#tallies.add(row);
    this.#edges = undefined;
  }

  #remove(row: Row, event: SessionEvent | undefined): readonly Departure[] {
    this.#rows.delete(row.resource);
    this.#tallies.remove(row);
    this.#edges = undefined;
    const departure = departureOf(row, event);
    return isHeard(departure) ? [departure] : NO_DEPARTURE;
  }
}

/** RFC 6121 §4.6.3: directed presence is revoked also by a session that was never available. */
const isHeard = ({ wasAvailable, directed }: Departure) => wasAvailable || directed.length > 0;

/** The stamp is that of the last presence when its edge gives none: an owner never makes one (ADR 7). */
function departureOf(row: Row, event: SessionEvent | undefined): Departure {
  const directed =
    event === undefined || event.directed.length === 0 ? row.directed : [...row.directed, ...event.directed];
  return {
    jid: row.jid,
    resource: row.resource,
    stamp: Math.max(row.stamp, event?.stamp ?? 0),
    presence: event === undefined ? NO_BYTES : ownCopy(event.presence),
    wasAvailable: row.isAvailable,
    directed: directed.length > row.directed.length ? [...new Set(directed)] : directed,
    isEnded: event === undefined || event.ended,
    trace: event === undefined ? undefined : traceOf(event),
  };
}
