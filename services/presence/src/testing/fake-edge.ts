import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { call, RpcError, type Subscription } from '@starling/bus';
import {
  addHash,
  type BindRequest,
  decodeEdgeBatch,
  decodeEnvelope,
  decodeSessionTable,
  type EdgeBatch,
  type Emission,
  encodeNodeBatch,
  presence as methods,
  type NodeBatch,
  PARTITIONS,
  partitionOf,
  SESSION_STATE,
  type Seen,
  type SessionEvent,
  type SessionState,
  type SessionTable,
  sessionHash,
  subjects,
} from '@starling/contracts';
import { PresenceView } from '@starling/features/rfc-6121-presence/view';
import type { BareJid } from '@starling/jid';
import { type GroupView, type Member, OwnerMap } from '@starling/owners';
import type { FakeGroup, FakeMembership, FakeWatch } from './fake-group.ts';
import type { LossyBus } from './lossy-bus.ts';

const VIEW_MAX = 10_000;
const RPC_TIMEOUT_MS = 2_000;
const BIND_RETRY_MS = 5;
/** Between the answer to a bind of a session that goes on, and its being there. */
const TURNS_UNTIL_TOLD = 5;

type Pending = Pick<NodeBatch, 'events' | 'states' | 'digests' | 'probes' | 'seen'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

let sessions = 0;

/** One client's session on a FakeEdge. */
export class FakeSession {
  readonly user: string;
  readonly resource: string;
  readonly id = `s${++sessions}`;
  state: SessionState = SESSION_STATE.connected;
  priority = 0;
  boundAt = 0;
  stamp = 0;
  presence: Uint8Array = new Uint8Array(0);
  directed: string[] = [];
  carbons = false;
  /** Of one that can be resumed. */
  windowMs = 0;
  epoch = 0;
  readonly view = new PresenceView(VIEW_MAX);
  isOver = false;
  hasConflict = false;
  /** What the client was given: 'juliet@x/phone 1' or 'juliet@x/phone gone'; '' is where it went away itself. */
  readonly got: string[] = [];
  readonly stanzas: string[] = [];
  readonly requests: string[] = [];

  constructor(user: string, resource: string) {
    this.user = user;
    this.resource = resource;
  }

  get jid(): string {
    return `${this.user}/${this.resource}`;
  }

  get isAvailable(): boolean {
    return this.state === SESSION_STATE.available;
  }

  event(ended = false): SessionEvent {
    const { user, resource, id, state, priority, boundAt, stamp, presence, directed, carbons, windowMs, epoch } = this;
    return {
      user,
      resource,
      session: id,
      state,
      priority,
      boundAt,
      stamp,
      presence,
      ended,
      directed: [...directed],
      carbons,
      windowMs,
      epoch,
    };
  }
}

/** The edge's side of ADR 7, without sockets. */
export class FakeEdge {
  readonly id: string;
  readonly membership: FakeMembership;
  readonly #presence: FakeWatch;
  readonly bus: LossyBus;
  readonly sessions = new Map<string, FakeSession>();
  readonly tables = new Map<string, SessionTable>();
  readonly #subscriptions: Subscription[] = [];
  readonly #followed = new Map<string, Subscription>();
  /** By incarnation of the node, as the two that follow. */
  readonly #sequences = new Map<string, number>();
  readonly #heard = new Map<string, number>();
  readonly #pending = new Map<string, Mutable<Pending>>();
  #owners = OwnerMap.rendezvous<Member>(PARTITIONS, []);
  #epoch = 0;
  #repairAt = 0;
  #isDead = false;
  wanted = 0;
  missed = 0;
  contradicted = 0;

  constructor(id: string, bus: LossyBus, edges: FakeGroup, nodes: FakeGroup) {
    this.id = id;
    this.bus = bus;
    this.#presence = nodes.watch();
    this.#subscriptions.push(bus.subscribe(subjects.edge(id), ({ data }) => this.#receive(decodeEdgeBatch(data))));
    this.membership = edges.join(id);
    this.#presence.onChange((view) => this.#ownersChanged(view));
    this.#ownersChanged(this.#presence);
  }

  get watch(): FakeWatch {
    return this.#presence;
  }

  /** kill -9. */
  die(): void {
    this.#isDead = true;
    for (const subscription of [...this.#subscriptions, ...this.#followed.values()]) subscription.unsubscribe();
    void this.#presence.close();
    for (const session of this.sessions.values()) session.isOver = true;
    this.sessions.clear();
  }

  bind(user: string, resource: string): Promise<FakeSession> {
    return this.#bind(new FakeSession(user, resource), {});
  }

  /** XEP-0198: one of an edge that is dead goes on here; the edge has it as soon as its client knows, and says so. */
  async resume(session: FakeSession): Promise<FakeSession> {
    session.epoch++;
    await this.#bind(session, { resumed: session.event(), fresh: true });
    this.sessions.delete(session.jid);
    for (let turn = 0; turn < TURNS_UNTIL_TOLD; turn++) await nextTurn();
    this.sessions.set(session.jid, session);
    session.isOver = false;
    this.#tell(session, { ...session.event(), missed: true });
    return session;
  }

  async #bind(session: FakeSession, more: Pick<BindRequest, 'resumed' | 'fresh'>): Promise<FakeSession> {
    const { user, resource } = session;
    this.#follow(user);
    const { incarnation } = this.membership;
    const request = { user, resource, session: session.id, edge: this.id, incarnation, ...more };
    for (;;) {
      const owner = this.#owners.ownerOf(partitionOf(user as BareJid));
      try {
        if (owner === undefined) throw new RpcError('unexpected-request');
        const reply = await call(this.bus, methods.bind(owner.id), request, RPC_TIMEOUT_MS);
        session.boundAt = reply.boundAt;
        this.#learn(user, reply.table);
        break;
      } catch (error) {
        if (
          !(error instanceof RpcError) ||
          (error.condition === 'resource-constraint' && error.message === 'too many sessions')
        )
          throw error;
        await sleep(BIND_RETRY_MS);
      }
    }
    const older = this.sessions.get(session.jid);
    if (older !== undefined) older.isOver = older.hasConflict = true;
    this.sessions.set(session.jid, session);
    return session;
  }

  async login(user: string, resource: string, status = '1'): Promise<FakeSession> {
    const session = await this.bind(user, resource);
    this.show(session, status);
    return session;
  }

  show(session: FakeSession, status: string, priority = 0): void {
    if (session.isOver) return;
    session.stamp = Math.max(Date.now(), session.stamp + 1, session.boundAt + 1);
    session.state = SESSION_STATE.available;
    session.priority = priority;
    session.presence = Buffer.from(` from="${session.jid}"><status>${status}</status></presence>`);
    this.#tell(session, session.event());
  }

  hide(session: FakeSession): void {
    if (session.isOver) return;
    session.stamp = Math.max(Date.now(), session.stamp + 1);
    session.state = SESSION_STATE.connected;
    session.presence = Buffer.from(` from="${session.jid}" type="unavailable"/>`);
    const event = session.event();
    session.directed = [];
    session.view.keepOnly(session.jid);
    session.got.push('');
    this.#tell(session, event);
  }

  direct(session: FakeSession, to: string): void {
    session.directed.push(to);
    this.#tell(session, session.event());
  }

  end(session: FakeSession): void {
    if (session.isOver) return;
    session.isOver = true;
    this.sessions.delete(session.jid);
    if (session.isAvailable) session.stamp = Math.max(Date.now(), session.stamp + 1);
    session.presence = Buffer.from(` from="${session.jid}" type="unavailable"/>`);
    this.#tell(session, session.event(true));
  }

  probe(session: FakeSession, target: string, id: string): void {
    const probe = { prober: session.jid, edge: this.id, targets: [target], asked: true, id, shown: false };
    const owner = this.#owners.ownerOf(partitionOf((target.split('/')[0] ?? '') as BareJid));
    if (owner) this.#to(owner).probes.push(probe);
  }

  visible(asker: string, target: string): Promise<{ visible: boolean }> {
    const owner = this.#owners.ownerOf(partitionOf((target.split('/')[0] ?? '') as BareJid));
    return call(this.bus, methods.visible(owner?.id ?? ''), { asker, target }, RPC_TIMEOUT_MS);
  }

  /** As every ten seconds; an empty batch is one, too. */
  sendDigests(): void {
    for (const node of this.#presence.members) this.#to(node);
    const sums = new Map<number, { partition: number; sessions: number; hash: number }>();
    for (const session of this.sessions.values()) {
      const partition = partitionOf(session.user as BareJid);
      const sum = sums.get(partition) ?? { partition, sessions: 0, hash: 0 };
      sums.set(partition, sum);
      sum.sessions++;
      sum.hash = addHash(sum.hash, sessionHash(session.event()));
    }
    for (const [partition, sum] of sums) {
      const owner = this.#owners.ownerOf(partition);
      if (owner) this.#to(owner).digests.push(sum);
    }
  }

  /** As part by part in five minutes. */
  repair(step: number): void {
    const partitions = Array.from({ length: step }, () => this.#repairAt++ % PARTITIONS);
    this.compare(partitions);
    this.#askWhatMayBeSeen(new Set(partitions));
  }

  /** After its connection came back. */
  resync(): void {
    this.compare(Array.from({ length: PARTITIONS }, (_, p) => p));
  }

  compare(partitions: readonly number[]): void {
    for (const partition of partitions) this.#sendState(partition, true);
    const asked = new Set(partitions);
    this.#askSeen(
      (partition) => asked.has(partition),
      () => false,
    );
  }

  #askWhatMayBeSeen(partitions: ReadonlySet<number>): void {
    for (const session of this.sessions.values()) {
      if (!partitions.has(partitionOf(session.user as BareJid))) continue;
      for (const [from] of session.view.available()) {
        const target = from.slice(0, from.indexOf('/'));
        const owner = this.#owners.ownerOf(partitionOf(target as BareJid));
        if (owner === undefined || target === session.user) continue;
        const probe = { prober: session.jid, edge: this.id, targets: [target], asked: false, id: '', shown: true };
        this.#to(owner).probes.push(probe);
      }
    }
  }

  #tell(session: FakeSession, event: SessionEvent): void {
    const owner = this.#owners.ownerOf(partitionOf(session.user as BareJid));
    if (owner) this.#to(owner).events.push(event);
  }

  #ownersChanged({ epoch, members }: GroupView): void {
    // Between two versions that were not seen a partition may have been somebody else's: its owner has forgotten it meanwhile.
    const isBlind = epoch > this.#epoch + 1;
    this.#epoch = epoch;
    const owners = OwnerMap.rendezvous(PARTITIONS, members);
    const isNew = (partition: number) => {
      const owner = owners.ownerOf(partition);
      const before = this.#owners.ownerOf(partition);
      return owner !== undefined && (isBlind || owner.incarnation !== before?.incarnation);
    };
    const moved = new Set(Array.from({ length: PARTITIONS }, (_, p) => p).filter(isNew));
    this.#owners = owners;
    for (const partition of moved) this.#sendState(partition, false);
    const isMoved = (partition: number) => moved.has(partition);
    this.#askSeen(isMoved, isMoved);
  }

  #sendState(partition: number, missed: boolean): void {
    const owner = this.#owners.ownerOf(partition);
    if (owner === undefined) return;
    const events = [...this.sessions.values()]
      .filter((s) => partitionOf(s.user as BareJid) === partition)
      .map((s) => s.event());
    const { states } = this.#to(owner);
    const middle = Math.ceil(events.length / 2);
    if (events.length < 2) states.push({ partition, first: true, last: true, sessions: events, missed });
    else {
      states.push({ partition, first: true, last: false, sessions: events.slice(0, middle), missed });
      states.push({ partition, first: false, last: true, sessions: events.slice(middle), missed });
    }
  }

  #askSeen(isAsked: (partition: number) => boolean, isWatching: (partition: number) => boolean): void {
    const oldest = new Map<string, Seen>();
    for (const session of this.sessions.values()) {
      const isOwn = isWatching(partitionOf(session.user as BareJid));
      for (const [from, stamp] of session.view.available()) {
        if (!isOwn && !isAsked(partitionOf((from.split('/')[0] ?? '') as BareJid))) continue;
        if (stamp < (oldest.get(from)?.stamp ?? Number.POSITIVE_INFINITY)) oldest.set(from, { from, stamp });
      }
    }
    for (const seen of oldest.values()) {
      const owner = this.#owners.ownerOf(partitionOf((seen.from.split('/')[0] ?? '') as BareJid));
      if (owner) this.#to(owner).seen.push(seen);
    }
  }

  #to(node: Member): Mutable<Pending> {
    let pending = this.#pending.get(node.incarnation);
    if (pending === undefined) {
      pending = { events: [], states: [], digests: [], probes: [], seen: [] };
      this.#pending.set(node.incarnation, pending);
      setImmediate(() => this.#flush(node));
    }
    return pending;
  }

  #flush(node: Member): void {
    const pending = this.#pending.get(node.incarnation);
    this.#pending.delete(node.incarnation);
    if (pending === undefined || this.#isDead) return;
    const sequence = (this.#sequences.get(node.incarnation) ?? 0) + 1;
    this.#sequences.set(node.incarnation, sequence);
    const { incarnation } = this.membership;
    const head = { sender: this.id, incarnation, epoch: this.#presence.epoch, sequence };
    this.bus.publish(subjects.node(node.id), encodeNodeBatch({ ...head, ...pending, emissions: [] }));
  }

  #receive(batch: EdgeBatch): void {
    if (batch.epoch > this.#presence.epoch) this.#presence.noticeEpoch(batch.epoch);
    else if (!this.#presence.isCurrent(batch.node, batch.incarnation)) return;
    const heard = this.#heard.get(batch.incarnation) ?? 0;
    this.#heard.set(batch.incarnation, batch.sequence);
    if (batch.sequence !== heard + 1) this.resync();
    for (const emission of batch.emissions) this.#emit(emission);
    for (const emission of batch.emissions) if (emission.unavailable) this.#hearEnd(emission);
    for (const { to, stanza } of batch.requests) this.sessions.get(to)?.requests.push(Buffer.from(stanza).toString());
    this.wanted += batch.wanted.length;
    if (batch.missed) {
      this.missed++;
      this.resync();
    } else this.compare(batch.wanted);
  }

  #emit(emission: Emission): void {
    if (emission.toSeen) {
      for (const session of this.sessions.values())
        if (session.view.stampOf(emission.from) !== undefined) this.#showTo(session, emission);
      return;
    }
    for (const to of emission.to) {
      if (to.includes('/')) {
        const session = this.sessions.get(to);
        // It may have gone away since: what it is shown then would not be ended.
        const isWanted = session?.isAvailable || emission.from === to || emission.always;
        if (session !== undefined && isWanted && session.view.showAsked(emission)) this.#shown(session, emission);
      } else {
        for (const session of this.sessions.values())
          if (session.user === to && session.isAvailable) this.#showTo(session, emission);
      }
    }
  }

  #hearEnd({ from, stamp }: Emission): void {
    const session = this.sessions.get(from);
    if (!session?.isAvailable || stamp <= session.stamp) return;
    this.contradicted++;
    session.stamp = Math.max(Date.now(), stamp + 1);
    // Who has not heard of the end is told the same again: here it can be told from what is repeated without need.
    const text = Buffer.from(session.presence).toString();
    session.presence = Buffer.from(text.replace('</status>', ' again</status>'));
    this.#tell(session, session.event());
  }

  #showTo(session: FakeSession, emission: Emission): void {
    if (session.view.show(emission)) this.#shown(session, emission);
  }

  #shown(session: FakeSession, emission: Emission): void {
    const text = Buffer.from(emission.presence).toString();
    session.stanzas.push(`<presence${text}`);
    const status = /<status>(.*)<\/status>/.exec(text)?.[1] ?? 'here';
    session.got.push(`${emission.from} ${emission.unavailable ? 'gone' : status}`);
  }

  #learn(user: string, table: SessionTable): void {
    const known = this.tables.get(user);
    const [epoch, knownEpoch] = [table.epoch ?? 0, known?.epoch ?? 0];
    if (known !== undefined && (epoch < knownEpoch || (epoch === knownEpoch && table.version <= known.version))) return;
    this.tables.set(user, table);
    for (const session of [...this.sessions.values()]) {
      if (session.user !== user) continue;
      const row = table.rows.find((r) => r.resource === session.resource);
      if (row === undefined || row.session === session.id || row.boundAt < session.boundAt) continue;
      session.isOver = session.hasConflict = true;
      this.sessions.delete(session.jid);
    }
  }

  #follow(user: string): void {
    if (this.#followed.has(user)) return;
    const subscription = this.bus.subscribe(subjects.user(user as BareJid), ({ data }) =>
      this.#learn(user, decodeSessionTable(decodeEnvelope(data).stanza)),
    );
    this.#followed.set(user, subscription);
  }
}
