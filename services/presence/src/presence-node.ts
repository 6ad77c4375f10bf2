import { type Bus, type Delivery as Message, type Records, type Subscription, serve } from '@starling/bus';
import {
  decodeRosterNotice,
  presence as methods,
  PARTITIONS,
  queues,
  type SessionRecord,
  subjects,
} from '@starling/contracts';
import type { GroupView, GroupWatch, Membership } from '@starling/owners';
import { type Logger, type MetricsRegistry, trackQueues } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import { Broadcast } from './broadcast.ts';
import type { PresenceConfig } from './config.ts';
import { ContactLoads } from './contact-loads.ts';
import { Delivery } from './delivery.ts';
import { EdgeStates } from './edge-states.ts';
import { Inbox } from './inbox.ts';
import { LastSeen } from './last-seen.ts';
import { Learning } from './learning.ts';
import { eventOf, LeftSessions } from './left-sessions.ts';
import { type PresenceMetrics, presenceMetrics } from './metrics.ts';
import { Misses } from './misses.ts';
import { Orphans } from './orphans.ts';
import { Outbox } from './outbox.ts';
import { Owed } from './owed.ts';
import type { Partition } from './partition.ts';
import { Partitions } from './partitions.ts';
import { Probes } from './probes.ts';
import { RecentStamps } from './recent-stamps.ts';
import { Requests } from './requests.ts';
import { RosterNotices } from './roster-notices.ts';
import type { Row } from './row.ts';
import { Standing } from './standing.ts';
import { Tables } from './tables.ts';
import { Ownership } from './targets.ts';
import type { User } from './user.ts';

export interface PresenceNodeOptions {
  readonly id: string;
  readonly bus: Bus;
  /** Of sessions that can be resumed. */
  readonly sessionRecords: Records;
  /** Of the log. */
  readonly streams: number;
  readonly config: PresenceConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** One member of the group `presence`: owns partitions, and does for their users what ADR 7 says. */
export class PresenceNode {
  readonly #id: string;
  readonly #bus: Bus;
  readonly #config: PresenceConfig;
  readonly #log: Logger;
  readonly #metrics: PresenceMetrics;
  readonly #standing: Standing;
  readonly #partitions: Partitions;
  readonly #ownership = new Ownership();
  readonly #outbox: Outbox;
  readonly #loads: ContactLoads;
  readonly #lastSeen: LastSeen;
  readonly #broadcast: Broadcast;
  readonly #notices: RosterNotices;
  readonly #orphans: Orphans;
  readonly #owed: Owed;
  readonly #left: LeftSessions;
  readonly #misses: Misses;
  readonly #learning: Learning;
  readonly #inbox: Inbox;
  readonly #requests: Requests;
  /** Shows its queues; returns the undo. */
  readonly #queues: () => () => void;
  readonly #undo: (() => void)[] = [];
  /** Of the edges' document as it was looked at last. */
  #knownEdges: ReadonlySet<string> = new Set();
  #ticker: NodeJS.Timeout | undefined;

  constructor({
    id,
    bus,
    sessionRecords,
    streams,
    config,
    logger: log,
    metrics: registry,
    tracer,
  }: PresenceNodeOptions) {
    const metrics = registry.register(presenceMetrics);
    const standing = new Standing(id);
    const partitions = new Partitions(metrics, config.heldMax);
    const outbox = new Outbox({ bus, config, metrics, sender: () => standing.acting });
    const delivery = new Delivery(partitions, outbox);
    const tables = new Tables(bus, id);
    const stamps = new RecentStamps();
    const sink = {
      isCurrent: (user: User) => standing.acting !== undefined && partitions.has(user),
      loaded: (user: User, previous: User['contacts']) =>
        this.#broadcast.contactsLoaded(user, user.contacts && previous?.differenceTo(user.contacts)),
      gaveUp: (user: User) => {
        user.paid();
        partitions.closeIfIdle(user);
      },
    };
    const loads = new ContactLoads({ bus, config, metrics, log, sink });
    const probes = new Probes({ partitions, outbox, loads, stamps, metrics });
    const lastSeen = new LastSeen({ bus, config, metrics, log });
    const ownership = this.#ownership;
    const shared = { partitions, outbox, metrics };
    const broadcast = new Broadcast({
      ...shared,
      ownership,
      delivery,
      tables,
      loads,
      probes,
      lastSeen,
      stamps,
      tracer,
    });
    const misses = new Misses(standing, outbox, metrics);
    const left = new LeftSessions({
      ...{ records: sessionRecords, config, log },
      isThere: (incarnation) => standing.edges.some((edge) => edge.incarnation === incarnation),
      onLeft: (partition, record) => this.#adopt(partition, record),
    });
    const learning = new Learning({ ...shared, standing, broadcast, misses, left, config, log });
    const states = new EdgeStates(partitions, broadcast, config.bindGraceMs);
    const onWaiting = () => this.#tickOn();
    const taken = { states, learning, misses, broadcast, delivery, probes };
    this.#id = id;
    this.#bus = bus;
    this.#config = config;
    this.#log = log;
    this.#metrics = metrics;
    this.#standing = standing;
    this.#partitions = partitions;
    this.#outbox = outbox;
    this.#loads = loads;
    this.#lastSeen = lastSeen;
    this.#broadcast = broadcast;
    this.#notices = new RosterNotices(loads, broadcast);
    this.#owed = new Owed({ bus, streams, config, metrics, log });
    this.#orphans = new Orphans({
      ...{ records: sessionRecords, metrics, log },
      isOurs: (user) => standing.acting !== undefined && partitions.has(user),
      onOver: (user, row) => this.#broadcast.follow(user, user.sessions.lose(row)),
      onOwed: (record, { sessions }) =>
        this.#owed.expired(
          record,
          sessions.available().some(({ priority }) => priority >= 0),
        ),
    });
    this.#left = left;
    this.#misses = misses;
    this.#learning = learning;
    this.#inbox = new Inbox({ ...shared, ...taken, standing, onWaiting, log });
    this.#queues = () =>
      trackQueues(registry, {
        presence_contact_loads: { limit: config.loadsMax, used: () => loads.running },
        presence_held: { limit: config.heldMax, used: () => partitions.held },
        presence_last_seen: { limit: config.lastSeenMax, used: () => lastSeen.waiting },
        presence_owed: { limit: config.owedWaitingMax, used: () => this.#owed.waiting },
      });
    this.#requests = new Requests({ standing, partitions, tables, probes, stamps, broadcast, config, metrics });
  }

  /** Hears what is sent to it; does nothing before `begin`. */
  listen(): void {
    const requests = this.#requests;
    const onError = (error: unknown, subject: string) =>
      this.#log.error({ what: 'request_handling_failed', subject, err: error });
    const subscriptions: Subscription[] = [
      this.#bus.subscribe(subjects.node(this.#id), ({ data }) => this.#inbox.receive(data)),
      this.#bus.subscribe(subjects.rosterChanges, (message) => this.#rosterChanged(message)),
      serve(this.#bus, methods.bind(this.#id), queues.presence, async (request) => requests.bind(request), onError),
      serve(this.#bus, methods.visible(this.#id), queues.presence, (request) => requests.visible(request), onError),
    ];
    for (const subscription of subscriptions) this.#undo.push(() => subscription.unsubscribe());
    this.#undo.push(this.#bus.onReconnect(() => this.#reconnected()));
    this.#undo.push(this.#partitions.track());
    this.#undo.push(this.#queues());
    this.#undo.push(this.#metrics.orphans.track(() => this.#orphans.size));
  }

  /** It is a member now, and owns what the members say. */
  begin(membership: Membership, edges: GroupWatch): void {
    this.#standing.join(membership, edges);
    this.#left.edgesMayHaveDied(Date.now());
    this.#edgesChanged();
    this.#undo.push(membership.onLost(() => this.#lose()));
    this.#undo.push(membership.onChange((view) => this.#membersChanged(view)));
    this.#undo.push(edges.onChange(() => this.#edgesChanged()));
    const beat = setInterval(() => this.#outbox.beat(), this.#config.beatMs);
    this.#undo.push(() => clearInterval(beat));
    this.#membersChanged(membership);
  }

  /** Sends what waits; the others go on after it has left the group. */
  stop(): void {
    this.#outbox.flush();
    for (const undo of this.#undo.splice(0)) undo();
    this.#loads.stop();
    this.#lastSeen.stop();
    this.#owed.stop();
    this.#dropAll();
    this.#standing.leave();
  }

  #membersChanged(view: GroupView): void {
    const { epoch, members } = view;
    const standing = this.#standing;
    const { membership } = standing;
    if (membership === undefined) return;
    if (standing.isOther(membership)) this.#dropAll();
    // Between two versions of the document that were not seen, a partition may have been somebody else's.
    const isBlind = standing.epoch !== 0 && epoch > standing.epoch + 1;
    const isIn = standing.take(membership, view);
    this.#ownership.change(members, this.#id);
    for (let number = 0; number < PARTITIONS; number++) {
      const isMine = isIn && this.#ownership.ownerOf(number)?.id === this.#id;
      const known = this.#partitions.get(number);
      if (known !== undefined && (!isMine || isBlind)) this.#partitions.drop(known);
      if (isMine && (known === undefined || isBlind)) this.#learning.take(number);
    }
    this.#forgetOthers();
    // Edges that have seen every version do not know that they have to ask about what they have shown.
    if (isBlind) this.#misses.tell('blind');
    this.#inbox.drain();
    this.#tickWhileNeeded();
  }

  /** It was out: what it knows is void, and somebody else has its partitions. */
  #lose(): void {
    this.#log.warn({ what: 'presence_partitions_lost', partitions: this.#partitions.size });
    this.#dropAll();
  }

  #dropAll(): void {
    for (const partition of [...this.#partitions.values()]) this.#partitions.drop(partition);
    this.#outbox.reset();
    this.#loads.reset();
    this.#inbox.clear();
    this.#orphans.clear();
    this.#learning.clear();
    this.#left.clear();
    this.#misses.clear();
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#standing.reset();
  }

  #edgesChanged(): void {
    const before = this.#knownEdges;
    const now = new Set(this.#standing.edges.map((edge) => edge.incarnation));
    this.#knownEdges = now;
    const gone = [...before].filter((incarnation) => !now.has(incarnation));
    if (gone.length > 0 && this.#standing.acting !== undefined) this.#endEdges(new Set(gone));
    this.#forgetOthers();
    this.#inbox.drain();
  }

  /** ADR 7: one decision for all, in the edges' document. */
  #endEdges(gone: ReadonlySet<string>): void {
    this.#left.edgesMayHaveDied(Date.now());
    this.#metrics.deadEdges.inc(gone.size);
    this.#log.info({ what: 'presence_edges_gone', edges: gone.size });
    for (const partition of [...this.#partitions.values()]) {
      for (const user of [...partition.users])
        for (const row of [...user.sessions.values()]) if (gone.has(row.edge.incarnation)) this.#orphan(user, row);
      if ([...gone].some((incarnation) => partition.awaited.has(incarnation))) this.#learning.lookBack(partition);
      for (const incarnation of gone) {
        partition.forgetPieces(incarnation);
        partition.told.delete(incarnation);
        partition.awaited.delete(incarnation);
      }
      this.#learning.serveIfKnown(partition);
    }
  }

  /** A session that can be resumed stays for its window: nobody hears that it has lost its edge. */
  #orphan(user: User, row: Row): void {
    if (row.windowMs > 0) this.#orphans.add(user, row, Date.now());
    else this.#broadcast.follow(user, user.sessions.lose(row));
  }

  /** Its edge has died, and the owner before this one knew of it: the record alone is left. */
  #adopt(partition: Partition, record: SessionRecord): void {
    if (this.#partitions.get(partition.number) !== partition) return;
    const event = eventOf(record);
    const user = this.#partitions.open(event.user, partition);
    const known = user.sessions.get(event.resource);
    const isKnown = known !== undefined && known.session === event.session && known.epoch >= event.epoch;
    if (!isKnown) {
      const { edge: id, incarnation } = record;
      this.#broadcast.follow(user, user.sessions.apply(event, { id, incarnation }));
      const row = user.sessions.get(event.resource);
      if (row?.session === event.session) this.#orphans.add(user, row, record.detachedAt || Date.now());
    }
    this.#partitions.closeIfIdle(user);
  }

  #forgetOthers(): void {
    this.#outbox.forget(
      (id) => this.#standing.isEdge(id),
      (id) => this.#standing.isNode(id),
    );
    this.#inbox.forgetOthers();
  }

  /** While something is not known. */
  #tickWhileNeeded(): void {
    if (this.#partitions.learning === 0 || this.#ticker !== undefined) return;
    this.#learning.begin();
    this.#tickOn();
  }

  #tickOn(): void {
    this.#ticker ??= setInterval(() => this.#tick(), this.#config.askAfterMs);
  }

  #tick(): void {
    if (this.#standing.acting === undefined) return;
    this.#learning.tick(Date.now());
    this.#inbox.drain();
    if (this.#partitions.learning > 0 || this.#inbox.isWaiting) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #rosterChanged({ data }: Message): void {
    if (this.#standing.acting === undefined) return;
    try {
      const notice = decodeRosterNotice(data);
      const user = this.#partitions.user(notice.user);
      if (user !== undefined) this.#notices.take(user, notice);
    } catch (error) {
      // Policy: the version of the next notice shows that something is missing.
      this.#log.error({ what: 'envelope_decode_failed', err: error });
    }
  }

  #reconnected(): void {
    if (this.#standing.acting === undefined) return;
    this.#loads.recheck([...this.#partitions.users()].filter((user) => user.contacts !== undefined));
    this.#misses.tell('reconnect');
  }
}
