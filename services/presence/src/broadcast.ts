import type { Emission } from '@starling/contracts';
import type { Tracer } from '@starling/trace';
import type { ContactLoads } from './contact-loads.ts';
import type { ContactsDifference } from './contacts.ts';
import { type Delivery, emissionTo } from './delivery.ts';
import type { LastSeen } from './last-seen.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import type { Partitions } from './partitions.ts';
import type { Probes } from './probes.ts';
import type { RecentStamps } from './recent-stamps.ts';
import type { Row } from './row.ts';
import type { Change, Departure } from './sessions.ts';
import { unavailable } from './stanzas.ts';
import { statusOf } from './status-of.ts';
import type { Tables } from './tables.ts';
import type { Ownership, TargetGroup } from './targets.ts';
import type { Owed, User } from './user.ts';

const NOBODY: readonly string[] = [];

/** What follows when a session of a user of this node comes, changes or goes: who is told, and who is asked (RFC 6121 §4.2–4.6). */
export class Broadcast {
  readonly #partitions: Partitions;
  readonly #ownership: Ownership;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #tables: Tables;
  readonly #loads: ContactLoads;
  readonly #probes: Probes;
  readonly #lastSeen: Pick<LastSeen, 'left'>;
  readonly #stamps: RecentStamps;
  readonly #tracer: Tracer | undefined;
  readonly #transitions;

  constructor(options: {
    partitions: Partitions;
    ownership: Ownership;
    delivery: Delivery;
    outbox: Outbox;
    tables: Tables;
    loads: ContactLoads;
    probes: Probes;
    lastSeen: Pick<LastSeen, 'left'>;
    stamps: RecentStamps;
    tracer: Tracer | undefined;
    metrics: PresenceMetrics;
  }) {
    this.#partitions = options.partitions;
    this.#ownership = options.ownership;
    this.#delivery = options.delivery;
    this.#outbox = options.outbox;
    this.#tables = options.tables;
    this.#loads = options.loads;
    this.#probes = options.probes;
    this.#lastSeen = options.lastSeen;
    this.#stamps = options.stamps;
    this.#tracer = options.tracer;
    const { transitions } = options.metrics;
    this.#transitions = {
      arrived: transitions.with({ kind: 'available' }),
      updated: transitions.with({ kind: 'update' }),
      departed: transitions.with({ kind: 'unavailable' }),
    };
  }

  /** Says what has changed; while the partition is learned nothing is said: what views have too much is asked about (ADR 7). */
  follow(user: User, { table, departures, arrived, updated }: Change): void {
    for (const { jid, stamp } of departures) this.#stamps.put(jid, stamp, Date.now());
    if (arrived !== undefined) this.#doubtEnd(arrived);
    if (user.partition.isServing) {
      if (table) this.#tables.publish(user);
      for (const departure of departures) this.#sayDeparted(user, departure);
      if (arrived !== undefined) this.#sayArrived(user, arrived);
      if (updated !== undefined) this.#sayUpdated(user, updated);
      if (!user.sessions.hasAvailable) this.#sayLeft(user, departures);
    }
    this.#partitions.closeIfIdle(user);
  }

  /** The partition is served from now on: everybody is told again what he may have missed, and views drop what they have. */
  introduce(user: User): void {
    this.#tables.publish(user);
    for (const row of user.sessions.available()) {
      this.#delivery.deliver(emissionOf(row, false), [user.jid]);
      this.#owe(user, row.resource, { ...UPDATE, probe: true });
    }
    this.#settle(user);
  }

  /** The contacts are known, or are others than before. */
  contactsLoaded(user: User, difference: ContactsDifference | undefined): void {
    if (difference !== undefined) this.contactsChanged(user, difference);
    this.#settle(user);
    this.#partitions.closeIfIdle(user);
  }

  /** RFC 6121 §3.1.5, §3.2.2, §3.3.3; XEP-0191 §3. */
  contactsChanged(user: User, { watchersGained, watchersLost, watchedGained }: ContactsDifference): void {
    const gained = this.#ownership.group(watchersGained).groups;
    const lost = this.#ownership.group(watchersLost).groups;
    const watched = this.#ownership.group(watchedGained).groups;
    for (const row of user.sessions.available()) {
      this.#send(emissionOf(row, true), gained);
      // The same stamp: it has not gone, it is hidden.
      this.#send(goneEmission(row.jid, row.stamp, unavailable(row.jid), false), lost);
      this.#probe(row, watched);
    }
  }

  /** The session goes on at another edge: what was sent to it meanwhile has not arrived, that it was said to be gone perhaps. */
  goOn(user: User, row: Row): void {
    if (!row.isAvailable) return;
    this.#doubtEnd(row);
    this.#tellOf(user.sessions.available(), row);
    this.#owe(user, row.resource, { ...UPDATE, probe: true, requests: true });
    this.#settle(user);
  }

  /** What was sent to these sessions of his, or about him, may not have arrived. Who watches him asks himself, in his turn. */
  tellAgain(user: User, rows: readonly Row[]): void {
    this.#tables.publish(user);
    for (const row of rows) {
      if (!row.isAvailable) continue;
      this.#doubtEnd(row);
      this.#tellOf(user.sessions.available(), row);
      this.#owe(user, row.resource, QUESTION);
    }
    this.#settle(user);
  }

  /**
   * It was said to be gone, and is there: its session came back when nobody knew of it any more. Views take for old what it said before that
   * end; its edge, who hears of the end, stamps it anew (ADR 7).
   */
  #doubtEnd({ jid, stamp, edge }: Row): void {
    const end = this.#stamps.get(jid);
    if (end < stamp) return;
    this.#outbox.emitToEdge(edge.id, goneEmission(jid, Math.max(end, stamp + 1), unavailable(jid), false));
  }

  /** Its stamp is above that of every earlier presence of this address: views need no more to show it, once. */
  #sayArrived(user: User, row: Row): void {
    this.#transitions.arrived.inc();
    this.#delivery.deliver(newsOf(row), [user.jid]);
    this.#tellOf(
      user.sessions.available().filter((other) => other !== row),
      row,
    );
    this.#owe(user, row.resource, { ...UPDATE, probe: true, requests: true });
    this.#settle(user);
  }

  #sayUpdated(user: User, row: Row): void {
    this.#transitions.updated.inc();
    const emission = newsOf(row);
    this.#delivery.deliver(emission, [user.jid]);
    if (user.contacts !== undefined) {
      row.trace = undefined;
      this.#sendToWatchers(user, emission);
      return;
    }
    this.#owe(user, row.resource, UPDATE);
    this.#settle(user);
  }

  #sayDeparted(user: User, departure: Departure): void {
    this.#transitions.departed.inc();
    const { jid, stamp, resource, directed, isEnded, wasAvailable } = departure;
    const presence = departure.presence.length > 0 ? departure.presence : unavailable(jid);
    const gone = goneEmission(jid, stamp, presence, false);
    const emission = departure.trace === undefined ? gone : { ...gone, trace: departure.trace };
    const { contacts } = user;
    const others = contacts === undefined ? directed : directed.filter((to) => !contacts.isWatchedBy(to));
    // Always: what was directed may have been younger than what was broadcast last.
    if (others.length > 0) this.#send({ ...emission, always: true }, this.#ownership.group(others).groups);
    if (!wasAvailable) return;
    this.#delivery.deliver(emission, [user.jid]);
    // RFC 6121 §4.5.2: also to the resource itself.
    if (!isEnded) this.#delivery.deliver(emission, [jid]);
    if (contacts !== undefined) {
      this.#sendToWatchers(user, emission);
      return;
    }
    user.owe(resource, { ...UPDATE, gone: emission });
    this.#settle(user);
  }

  /** XEP-0012 §3: when the last available resource went, and what it said then. */
  #sayLeft({ jid }: User, departures: readonly Departure[]): void {
    const last = departures.findLast((departure) => departure.wasAvailable);
    if (last !== undefined) this.#lastSeen.left({ user: jid, atMs: Date.now(), status: statusOf(last.presence) });
  }

  /** What is owed already stays owed; the newest word is said. */
  #owe(user: User, resource: string, owed: Owed): void {
    const before = user.owed.get(resource);
    if (before === undefined) user.owe(resource, owed);
    else
      user.owe(resource, {
        gone: undefined,
        news: owed.news || before.news || before.gone !== undefined,
        probe: owed.probe || before.probe,
        requests: owed.requests || before.requests,
      });
  }

  #settle(user: User): void {
    if (user.owed.size === 0) return;
    if (user.contacts === undefined) {
      this.#loads.load(user);
      return;
    }
    for (const [resource, owed] of user.owed) this.#pay(user, resource, owed);
    user.paid();
  }

  #pay(user: User, resource: string, { gone, news, probe, requests }: Owed): void {
    if (gone !== undefined) {
      this.#sendToWatchers(user, gone);
      return;
    }
    const row = user.sessions.get(resource);
    if (row?.isAvailable !== true) return;
    if (news) {
      this.#sendToWatchers(user, newsOf(row));
      row.trace = undefined;
    }
    if (probe) this.#probeWatched(user, row);
    if (requests && user.hasRequests) this.#sendRequests(user, row);
  }

  /** RFC 6121 §3.1.3: at each login until they are answered. */
  #sendRequests(user: User, row: Row): void {
    user.hasRequests = false;
    this.#loads.requests(user, (stanzas) => {
      user.hasRequests ||= stanzas.length > 0;
      if (user.sessions.get(row.resource) !== row || !row.isAvailable) return;
      for (const stanza of stanzas) this.#outbox.request(row.edge.id, { to: row.jid, stanza });
    });
  }

  #sendToWatchers(user: User, emission: Emission): void {
    const groups = user.contacts?.watcherGroups(this.#ownership.group, this.#ownership.generation);
    if (groups === undefined) return;
    const hop = this.#tracer?.follow('presence broadcast', emission.trace);
    this.#send(hop === undefined ? emission : { ...emission, trace: hop.traceparent }, groups);
    hop?.end({ nodes: groups.length, watchers: groups.reduce((sum, { jids }) => sum + jids.length, 0) });
  }

  #send(emission: Emission, groups: readonly TargetGroup[]): void {
    for (const { node, jids } of groups) {
      if (node === '') this.#delivery.deliver(emission, jids);
      else this.#outbox.emitToNode(node, emissionTo(emission, jids));
    }
  }

  /** To one of the user's resources the presence of others. */
  #tellOf(others: readonly Row[], row: Row): void {
    for (const other of others) this.#outbox.emitToEdge(row.edge.id, emissionTo(emissionOf(other, false), [row.jid]));
  }

  /** RFC 6121 §4.3.1. */
  #probeWatched(user: User, row: Row): void {
    const groups = user.contacts?.watchedGroups(this.#ownership.group, this.#ownership.generation);
    if (groups !== undefined) this.#probe(row, groups);
  }

  #probe(row: Row, groups: readonly TargetGroup[]): void {
    for (const { node, jids } of groups) {
      const probe = { prober: row.jid, edge: row.edge.id, targets: jids, asked: false, id: '', shown: false };
      if (node === '') this.#probes.answer(probe);
      else this.#outbox.probe(node, probe);
    }
  }
}

const UPDATE: Owed = { gone: undefined, news: true, probe: false, requests: false };
const QUESTION: Owed = { gone: undefined, news: false, probe: true, requests: false };

export const emissionOf = (row: Row, always: boolean): Emission => ({
  from: row.jid,
  stamp: row.stamp,
  unavailable: false,
  presence: row.presence,
  to: NOBODY,
  toSeen: false,
  always,
});

/** What its client has just said; what is told of it later is not traced any more. */
const newsOf = (row: Row): Emission =>
  row.trace === undefined ? emissionOf(row, false) : { ...emissionOf(row, false), trace: row.trace };

export const goneEmission = (from: string, stamp: number, presence: Uint8Array, toSeen: boolean): Emission => ({
  from,
  stamp,
  unavailable: true,
  presence,
  to: NOBODY,
  toSeen,
  always: false,
});
