import { type Bus, type Delivery as Message, type Records, RpcError, type Subscription, serve } from '@starling/bus';
import {
  type BindRequest,
  decodeNodeBatch,
  decodeRosterNotice,
  presence as methods,
  type NodeBatch,
  PARTITIONS,
  queues,
  type SessionTable,
  subjects,
} from '@starling/contracts';
import type { GroupView, GroupWatch, Membership } from '@starling/owners';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import { Ahead, type Verdict } from './ahead.ts';
import { Broadcast } from './broadcast.ts';
import type { PresenceConfig } from './config.ts';
import { ContactLoads } from './contact-loads.ts';
import { Delivery } from './delivery.ts';
import { EdgeStates } from './edge-states.ts';
import { bareOf } from './jids.ts';
import { LastSeen } from './last-seen.ts';
import { type PresenceMetrics, presenceMetrics } from './metrics.ts';
import { Orphans } from './orphans.ts';
import { Outbox } from './outbox.ts';
import type { Partition } from './partition.ts';
import { Partitions } from './partitions.ts';
import { Probes } from './probes.ts';
import { RecentStamps } from './recent-stamps.ts';
import { RosterNotices } from './roster-notices.ts';
import type { EdgeRef, Row } from './row.ts';
import { Senders } from './senders.ts';
import { Tables } from './tables.ts';
import { Ownership } from './targets.ts';
import type { User } from './user.ts';

/** Silent edges are asked again after so many times STARLING_PRESENCE_ASK_AFTER. */
const ASK_AGAIN_TICKS = 8;
/** All edges are asked for everything at most this often. */
const MISSED_INTERVAL_MS = 1_000;

export interface PresenceNodeOptions {
  readonly id: string;
  readonly bus: Bus;
  /** Of sessions that can be resumed. */
  readonly sessionRecords: Records;
  readonly config: PresenceConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** One member of the group `presence`: owns partitions, and does for their users what ADR 7 says. */
export class PresenceNode {
  readonly #id: string;
  readonly #bus: Bus;
  readonly #config: PresenceConfig;
  readonly #log: Logger;
  readonly #metrics: PresenceMetrics;
  readonly #partitions: Partitions;
  readonly #ownership = new Ownership();
  readonly #outbox: Outbox;
  readonly #delivery: Delivery;
  readonly #tables: Tables;
  readonly #loads: ContactLoads;
  readonly #probes: Probes;
  readonly #lastSeen: LastSeen;
  readonly #broadcast: Broadcast;
  readonly #states: EdgeStates;
  readonly #notices: RosterNotices;
  readonly #orphans: Orphans;
  readonly #senders = new Senders();
  readonly #ahead = new Ahead();
  readonly #stamps = new RecentStamps();
  readonly #undo: (() => void)[] = [];
  #membership: Membership | undefined;
  #edges: GroupWatch | undefined;
  /** Of the edges' document as it was looked at last. */
  #knownEdges: ReadonlySet<string> = new Set();
  /** Of this member, as its partitions were taken. */
  #incarnation = '';
  #epoch = 0;
  #ticker: NodeJS.Timeout | undefined;
  #ticks = 0;
  #missedTimer: NodeJS.Timeout | undefined;
  /** Partitions of which all is known, and that are not served yet. */
  readonly #due = new Set<Partition>();
  #serving: NodeJS.Immediate | undefined;
  #missedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ id, bus, sessionRecords, config, logger, metrics: registry }: PresenceNodeOptions) {
    const metrics = registry.register(presenceMetrics);
    this.#id = id;
    this.#bus = bus;
    this.#config = config;
    this.#log = logger;
    this.#metrics = metrics;
    const partitions = new Partitions(metrics, config.heldMax);
    const outbox = new Outbox({ bus, config, metrics, sender: () => this.#acting() });
    const ownership = this.#ownership;
    this.#partitions = partitions;
    this.#outbox = outbox;
    this.#delivery = new Delivery(partitions, outbox);
    this.#tables = new Tables(bus, id);
    const sink = {
      isCurrent: (user: User) => this.#acting() !== undefined && partitions.has(user),
      loaded: (user: User, previous: User['contacts']) =>
        this.#broadcast.contactsLoaded(user, user.contacts && previous?.differenceTo(user.contacts)),
      gaveUp: (user: User) => {
        user.owed.clear();
        partitions.closeIfIdle(user);
      },
    };
    this.#loads = new ContactLoads({ bus, config, metrics, log: logger, sink });
    this.#probes = new Probes({ partitions, outbox, loads: this.#loads, stamps: this.#stamps, metrics });
    this.#lastSeen = new LastSeen({ bus, config, metrics, log: logger });
    this.#broadcast = new Broadcast({
      partitions,
      ownership,
      delivery: this.#delivery,
      outbox,
      tables: this.#tables,
      loads: this.#loads,
      probes: this.#probes,
      lastSeen: this.#lastSeen,
      metrics,
    });
    this.#states = new EdgeStates(partitions, this.#broadcast, config.bindGraceMs);
    this.#notices = new RosterNotices(this.#loads, this.#broadcast);
    this.#orphans = new Orphans({
      ...{ records: sessionRecords, metrics, log: logger },
      isOurs: (user) => this.#acting() !== undefined && partitions.has(user),
      onOver: (user, row) => this.#follow(user, user.sessions.lose(row)),
    });
  }

  /** Hears what is sent to it; does nothing before `begin`. */
  listen(): void {
    const onError = (error: unknown, subject: string) =>
      this.#log.error({ what: 'request_handling_failed', subject, err: error });
    const subscriptions: Subscription[] = [
      this.#bus.subscribe(subjects.node(this.#id), (message) => this.#receive(message)),
      this.#bus.subscribe(subjects.rosterChanges, (message) => this.#rosterChanged(message)),
      serve(this.#bus, methods.bind(this.#id), queues.presence, async (request) => this.#bind(request), onError),
      serve(this.#bus, methods.visible(this.#id), queues.presence, (request) => this.#visible(request), onError),
    ];
    for (const subscription of subscriptions) this.#undo.push(() => subscription.unsubscribe());
    this.#undo.push(this.#bus.onReconnect(() => this.#reconnected()));
    this.#undo.push(this.#partitions.track());
    this.#undo.push(this.#metrics.orphans.track(() => this.#orphans.size));
  }

  /** It is a member now, and owns what the members say. */
  begin(membership: Membership, edges: GroupWatch): void {
    this.#membership = membership;
    this.#edges = edges;
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
    this.#dropAll();
    this.#membership = undefined;
  }

  // ---- membership

  /** As whom it acts now; undefined while it must not. */
  #acting(): { id: string; incarnation: string; epoch: number } | undefined {
    const membership = this.#membership;
    if (membership?.mayAct() !== true || membership.incarnation !== this.#incarnation) return undefined;
    return { id: this.#id, incarnation: this.#incarnation, epoch: this.#epoch };
  }

  #membersChanged({ epoch, members }: GroupView): void {
    const membership = this.#membership;
    if (membership === undefined) return;
    if (membership.incarnation !== this.#incarnation) this.#dropAll();
    // Between two versions of the document that were not seen, a partition may have been somebody else's.
    const isBlind = this.#epoch !== 0 && epoch > this.#epoch + 1;
    this.#incarnation = membership.incarnation;
    this.#epoch = epoch;
    const isIn = members.some((m) => m.id === this.#id && m.incarnation === membership.incarnation);
    this.#ownership.change(members, this.#id);
    for (let number = 0; number < PARTITIONS; number++) {
      const isMine = isIn && this.#ownership.ownerOf(number)?.id === this.#id;
      const known = this.#partitions.get(number);
      if (known !== undefined && (!isMine || isBlind)) this.#partitions.drop(known);
      if (isMine && (known === undefined || isBlind)) this.#take(number, epoch);
    }
    this.#forgetOthers();
    // Edges that have seen every version do not know that they have to ask about what they have shown.
    if (isBlind) this.#missAll('blind');
    this.#drainAhead();
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
    this.#senders.clear();
    this.#ahead.clear();
    this.#orphans.clear();
    clearInterval(this.#ticker);
    clearTimeout(this.#missedTimer);
    clearImmediate(this.#serving);
    this.#due.clear();
    this.#serving = undefined;
    this.#ticker = this.#missedTimer = undefined;
    this.#incarnation = '';
    this.#epoch = 0;
  }

  #edgesChanged(): void {
    const edges = this.#edges;
    if (edges === undefined) return;
    const before = this.#knownEdges;
    const now = new Set(edges.members.map((edge) => edge.incarnation));
    this.#knownEdges = now;
    const gone = [...before].filter((incarnation) => !now.has(incarnation));
    if (gone.length > 0 && this.#acting() !== undefined) this.#endEdges(new Set(gone));
    this.#forgetOthers();
    this.#drainAhead();
  }

  /** ADR 7: one decision for all, in the edges' document. */
  #endEdges(gone: ReadonlySet<string>): void {
    this.#metrics.deadEdges.inc(gone.size);
    this.#log.info({ what: 'presence_edges_gone', edges: gone.size });
    for (const partition of [...this.#partitions.values()]) {
      for (const user of [...partition.users])
        for (const row of [...user.sessions.values()]) if (gone.has(row.edge.incarnation)) this.#orphan(user, row);
      for (const incarnation of gone) {
        partition.forgetPieces(incarnation);
        partition.told.delete(incarnation);
        partition.awaited.delete(incarnation);
      }
      this.#serveIfKnown(partition);
    }
  }

  /** A session that can be resumed stays for its window: nobody hears that it has lost its edge. */
  #orphan(user: User, row: Row): void {
    if (row.windowMs > 0) this.#orphans.add(user, row, Date.now());
    else this.#follow(user, user.sessions.lose(row));
  }

  #forgetOthers(): void {
    const isEdge = (id: string) => this.#edges?.members.some((m) => m.id === id) === true;
    const isNode = (id: string) => this.#membership?.members.some((m) => m.id === id) === true;
    this.#outbox.forget(isEdge, isNode);
    const incarnations = new Set(
      [...(this.#edges?.members ?? []), ...(this.#membership?.members ?? [])].map((m) => m.incarnation),
    );
    this.#senders.forget((incarnation) => incarnations.has(incarnation));
  }

  #kindOf(id: string, incarnation: string): 'edge' | 'node' | undefined {
    if (this.#edges?.isCurrent(id, incarnation) === true) return 'edge';
    return this.#membership?.isCurrent(id, incarnation) === true ? 'node' : undefined;
  }

  // ---- learning

  #take(number: number, epoch: number): void {
    const edges = (this.#edges?.members ?? []).map(({ id, incarnation }) => ({ id, incarnation }));
    this.#serveIfKnown(this.#partitions.take(number, epoch, Date.now(), edges));
  }

  #serveIfKnown(partition: Partition): void {
    if (partition.isServing || partition.awaited.size > 0) return;
    if (partition.users.size === 0 && partition.held.length === 0) this.#serve(partition);
    else this.#serveInTurn(partition);
  }

  /** One in a turn of the loop: who takes over a third of the users would else be silent, and dead for the others. */
  #serveInTurn(partition: Partition): void {
    this.#due.add(partition);
    this.#serving ??= setImmediate(() => this.#serveNext());
  }

  #serveNext(): void {
    this.#serving = undefined;
    const [partition] = this.#due;
    if (partition === undefined) return;
    this.#due.delete(partition);
    const isOurs = this.#acting() !== undefined && this.#partitions.get(partition.number) === partition;
    if (isOurs && !partition.isServing) this.#serve(partition);
    if (this.#due.size > 0) this.#serving = setImmediate(() => this.#serveNext());
  }

  #serve(partition: Partition): void {
    this.#partitions.serve(partition);
    this.#metrics.learnSeconds.observe((Date.now() - partition.takenAtMs) / 1_000);
    for (const user of [...partition.users]) this.#broadcast.introduce(user);
    for (const work of this.#partitions.release(partition)) work();
    if (partition.hasDropped) this.#missAll('held');
  }

  /** Asks the silent edges while something is not known, and waits for them no longer than is bearable. */
  #tickWhileNeeded(): void {
    if (this.#partitions.learning === 0 || this.#ticker !== undefined) return;
    this.#ticks = 0;
    this.#ticker = setInterval(() => this.#tick(), this.#config.askAfterMs);
  }

  #tick(): void {
    if (this.#acting() === undefined) return;
    const nowMs = Date.now();
    const asks = this.#ticks++ % ASK_AGAIN_TICKS === 0;
    for (const partition of this.#partitions.values()) {
      if (partition.isServing) continue;
      if (nowMs - partition.takenAtMs > this.#config.learnMaxMs) {
        const edges = [...partition.awaited.values()].map(({ id }) => id);
        this.#log.error({ what: 'presence_edges_silent', partition: partition.number, edges });
        this.#serve(partition);
      } else if (asks) {
        for (const { id } of partition.awaited.values()) this.#want(id, partition, 'silent');
      }
    }
    this.#drainAhead();
    if (this.#partitions.learning > 0 || this.#ahead.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #want(edge: string, partition: Partition, reason: 'silent' | 'hole' | 'digest' | 'new'): void {
    this.#metrics.wanted.inc(1, { reason });
    this.#outbox.want(edge, partition.number);
  }

  /** Something was missed, nobody knows what: views and probes of all edges mend it. */
  #missAll(reason: 'blind' | 'hole' | 'held' | 'reconnect'): void {
    if (this.#missedTimer !== undefined) return;
    const waitMs = Math.max(0, this.#missedAtMs + MISSED_INTERVAL_MS - Date.now());
    const miss = () => {
      this.#missedTimer = undefined;
      if (this.#acting() === undefined) return;
      this.#missedAtMs = Date.now();
      for (const { id } of this.#edges?.members ?? []) this.#outbox.miss(id);
      this.#metrics.missed.inc(1, { reason });
    };
    if (waitMs === 0) miss();
    else this.#missedTimer = setTimeout(miss, waitMs);
  }

  // ---- batches

  #receive({ data }: Message): void {
    if (this.#acting() === undefined && this.#incarnation !== '') {
      this.#metrics.dropped.inc(1, { reason: 'fenced' });
      return;
    }
    let batch: NodeBatch;
    try {
      batch = decodeNodeBatch(data);
    } catch (error) {
      // Policy: what cannot be read is dropped; the number that it had is seen to be missing.
      this.#log.error({ what: 'envelope_decode_failed', err: error });
      this.#metrics.dropped.inc(1, { reason: 'unreadable' });
      return;
    }
    if (!this.#ahead.has(batch) && this.#judge(batch, false) === 'take') {
      this.#takeBatch(batch);
      return;
    }
    if (!this.#ahead.push(batch, data.length, Date.now())) {
      this.#metrics.dropped.inc(1, { reason: 'waiting' });
      return;
    }
    if (this.#membership === undefined) return;
    this.#membership.noticeEpoch(batch.epoch);
    // Perhaps an edge that has just come.
    if (this.#kindOf(batch.sender, batch.incarnation) === undefined && this.#edges)
      this.#edges.noticeEpoch(this.#edges.epoch + 1);
    this.#ticker ??= setInterval(() => this.#tick(), this.#config.askAfterMs);
  }

  #judge({ sender, incarnation, epoch }: NodeBatch, isLate: boolean): Verdict {
    if (this.#acting() === undefined) return isLate ? 'drop' : 'wait';
    const isKnown = this.#kindOf(sender, incarnation) !== undefined;
    if (isKnown && (epoch <= this.#epoch || isLate)) return 'take';
    if (!isLate) return 'wait';
    this.#metrics.dropped.inc(1, { reason: 'stale' });
    return 'drop';
  }

  #drainAhead(): void {
    if (this.#ahead.size === 0) return;
    this.#ahead.drain(
      Date.now(),
      (batch, isLate) => this.#judge(batch, isLate),
      (batch) => this.#takeBatch(batch),
    );
  }

  #takeBatch(batch: NodeBatch): void {
    const { sender, incarnation } = batch;
    const kind = this.#kindOf(sender, incarnation);
    if (kind === undefined) return;
    const hearing = this.#senders.hear(incarnation, batch.sequence);
    if (hearing === 'hole' || (hearing === 'late' && kind === 'node'))
      this.#holeFrom(kind, { id: sender, incarnation });
    if (kind === 'edge') this.#takeFromEdge(batch, { id: sender, incarnation }, hearing === 'late');
    this.#metrics.emissionsIn.inc(batch.emissions.length);
    for (const emission of batch.emissions) this.#delivery.deliver(emission, emission.to);
    for (const probe of batch.probes) this.#probes.answer(probe);
    for (const seen of batch.seen) this.#probes.check(sender, seen);
  }

  #takeFromEdge(batch: NodeBatch, edge: EdgeRef, isLate: boolean): void {
    const nowMs = Date.now();
    for (const state of batch.states) {
      const partition = this.#partitions.get(state.partition);
      if (partition !== undefined && this.#states.take(partition, edge, state, nowMs)) this.#serveIfKnown(partition);
    }
    for (const event of batch.events) {
      const partition = this.#partitions.of(event.user);
      if (partition === undefined) continue;
      const user = this.#partitions.open(event.user, partition);
      this.#follow(user, user.sessions.apply(event, edge));
      const row = event.missed === true ? user.sessions.get(event.resource) : undefined;
      if (row?.session === event.session) this.#broadcast.goOn(user, row);
    }
    for (const digest of batch.digests) {
      const partition = this.#partitions.get(digest.partition);
      if (partition?.isServing && !this.#states.agrees(partition, edge, digest, nowMs))
        this.#want(edge.id, partition, 'digest');
    }
    // What it has said before is not known.
    if (isLate)
      for (const partition of this.#partitions.values())
        if (!partition.told.has(edge.incarnation)) this.#want(edge.id, partition, 'new');
  }

  #holeFrom(kind: 'edge' | 'node', { id: sender, incarnation }: EdgeRef): void {
    this.#metrics.holes.inc(1, { from: kind });
    this.#log.warn({ what: 'presence_hole_found', kind, sender });
    if (kind === 'node') {
      this.#missAll('hole');
      return;
    }
    for (const partition of this.#partitions.values()) {
      partition.forgetPieces(incarnation);
      this.#want(sender, partition, 'hole');
    }
  }

  #follow(user: User, change: Parameters<Broadcast['follow']>[1]): void {
    for (const { jid, stamp } of change.departures) this.#stamps.put(jid, stamp, Date.now());
    this.#broadcast.follow(user, change);
  }

  // ---- requests

  /** @throws RpcError unexpected-request when it does not own the user's partition, or does not know yet who is there */
  #partitionOf(user: string): Partition {
    const partition = this.#acting() === undefined ? undefined : this.#partitions.of(user);
    if (partition?.isServing !== true) throw new RpcError('unexpected-request', 'not now, or not here');
    return partition;
  }

  #bind(request: BindRequest): { boundAt: number; table: SessionTable } {
    const { binds } = this.#metrics;
    const { user: jid, resource, session, edge: id, incarnation } = request;
    let partition: Partition;
    try {
      partition = this.#partitionOf(jid);
      if (this.#edges?.isCurrent(id, incarnation) !== true) {
        this.#edges?.noticeEpoch(this.#edges.epoch + 1);
        throw new RpcError('unexpected-request', 'this edge is not known yet');
      }
    } catch (error) {
      binds.inc(1, { outcome: 'elsewhere' });
      throw error;
    }
    const user = this.#partitions.open(jid, partition);
    const { sessions } = user;
    if (sessions.get(resource) === undefined && sessions.size >= this.#config.sessionsPerUserMax) {
      binds.inc(1, { outcome: 'too-many' });
      throw new RpcError('resource-constraint', 'too many sessions'); // RFC 6120 §7.6.2.1
    }
    const edge = { id, incarnation };
    const bound = request.resumed
      ? sessions.resume(request.resumed, edge, request.fresh === true)
      : sessions.bind({ resource, session, edge }, Date.now(), this.#stamps.get(`${jid}/${resource}`));
    if (bound === undefined) {
      binds.inc(1, { outcome: 'over' });
      this.#partitions.closeIfIdle(user);
      throw new RpcError('item-not-found', 'the session is over');
    }
    const { row, change } = bound;
    binds.inc(1, { outcome: request.resumed ? 'resumed' : change.departures.length > 0 ? 'replaced' : 'ok' });
    const table = this.#tables.publish(user);
    this.#follow(user, { ...change, table: false });
    return { boundAt: row.boundAt, table };
  }

  async #visible({ asker, target }: { asker: string; target: string }): Promise<{ visible: boolean }> {
    this.#partitionOf(bareOf(target));
    const visible = await this.#probes.visible(this.#partitions.user(bareOf(target)), asker, target);
    // Fails closed: the asker is told to wait.
    if (visible === undefined) throw new RpcError('resource-constraint', 'the contacts are not known');
    return { visible };
  }

  // ---- rosters

  #rosterChanged({ data }: Message): void {
    if (this.#acting() === undefined) return;
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
    if (this.#acting() === undefined) return;
    this.#loads.recheck([...this.#partitions.users()].filter((user) => user.contacts !== undefined));
    this.#missAll('reconnect');
  }
}
