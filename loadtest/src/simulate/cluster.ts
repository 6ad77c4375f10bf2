import { MemoryRecords } from '@starling/bus';
import { groups, PARTITIONS } from '@starling/contracts';
import { EdgeWithoutSockets } from '@starling/edge/testing/edge-without-sockets';
import { EdgeWithoutViews } from '@starling/edge/testing/edge-without-views';
import { type Member, OwnerMap } from '@starling/owners';
import { beginNode } from '@starling/presence/testing/begin-node';
import { MetricsRegistry } from '@starling/runtime';
import { personOf } from '../presence/people.ts';
import { seeded } from '../random.ts';
import { SimulatedGroup } from './group.ts';
import { Network } from './network.ts';
import { Others } from './others.ts';
import { CAPS } from './people.ts';
import { DOMAIN, Population } from './population.ts';
import { startArchives, startRosters } from './services.ts';
import { crowdEdge, type Process, type SimulatedEdge, type SimulatedSession, wholeEdge } from './simulated-edge.ts';
import { Streams } from './streams.ts';
import type { VirtualTime } from './virtual-time.ts';

const RECORD_BYTES_MAX = 65_536;
/** The log's streams. */
const STREAMS = 16;
/** From the death of a process until it is out of the document: heartbeats of a second, dead after three. */
const EVICTED_AFTER_MS = 3_300;

export interface ClusterOptions {
  /** Of the whole cluster. */
  readonly users: number;
  readonly contacts: number;
  readonly edges: number;
  /** Of the edges: the others are without views. */
  readonly wholeEdges: number;
  readonly owners: number;
  /** Of the partitions: those of so many owners are simulated. */
  readonly share: number;
  readonly seed: number;
}

/** One person's session. */
interface Online {
  readonly edge: SimulatedEdge;
  readonly session: SimulatedSession;
}

/** Presence nodes and edges as they are, on a network that is not, with people who do as they are told. */
export class Cluster {
  readonly population: Population;
  readonly others: Others;
  readonly network: Network;
  readonly failures: unknown[] = [];
  /** Of each owner, simulated or not: the fewest and the most. */
  readonly partitions: { readonly least: number; readonly most: number };
  /** What clients were sent. */
  readonly written = { stanzas: 0, bytes: 0, lastAtMs: 0 };
  /** By person. */
  readonly online = new Map<number, Online>();
  readonly #time: VirtualTime;
  readonly #edgeGroup: SimulatedGroup;
  readonly #ownerGroup: SimulatedGroup;
  readonly #streams: Streams;
  readonly #records = new MemoryRecords(RECORD_BYTES_MAX);
  #edges: SimulatedEdge[] = [];
  readonly #owners: Process[] = [];
  readonly #map: OwnerMap<Member>;

  constructor(time: VirtualTime, { users, contacts, edges, wholeEdges, owners, share, seed }: ClusterOptions) {
    this.#time = time;
    this.network = new Network(time);
    this.#edgeGroup = new SimulatedGroup(groups.edge, time);
    this.#ownerGroup = new SimulatedGroup(groups.presence, time);
    this.#streams = new Streams(this.network, STREAMS);
    const ids = Array.from({ length: owners }, (_, i) => `presence-${i + 1}`);
    const whole = ownersOfShare(ids, share);
    const map = mapOf(ids);
    this.#map = map;
    const counts = ids.map((id) => map.ownedBy(id).length);
    this.partitions = { least: Math.min(...counts), most: Math.max(...counts) };
    const isSimulated = (partition: number) => whole.includes(map.ownerOf(partition)?.id ?? '');
    this.population = new Population({ users, contacts, seed, isSimulated });
    const onError = (error: unknown) => void this.failures.push(error);
    startRosters(this.network, this.population, onError);
    startArchives(this.network, this.#streams, onError);
    for (let i = 0; i < edges; i++) this.#addEdge(`edge-${i + 1}`, i < wholeEdges);
    for (const id of whole) this.#addOwner(id);
    this.others = new Others(
      {
        ...{ network: this.network, population: this.population, streams: this.#streams, random: seeded(seed) },
        ownerOf: (partition) => map.ownerOf(partition)?.id ?? '',
        edges: () => this.#edges,
        join: (id, { actor }) => {
          const membership = this.#ownerGroup.join(id, actor);
          return { incarnation: membership.incarnation, epoch: () => membership.epoch };
        },
      },
      ids.filter((id) => !whole.includes(id)),
    );
  }

  get owners(): readonly Process[] {
    return this.#owners;
  }

  /** Of all edges, those that are whole. */
  get wholeShare(): number {
    return this.#edges.filter(({ isWhole }) => isWhole).length / Math.max(1, this.#edges.length);
  }

  /** Whether the person is on an edge that shows what it is told. */
  isSeen(person: number): boolean {
    return this.online.get(person)?.edge.isWhole === true;
  }

  /** The person logs in and sends presence. */
  login(person: number): void {
    const edge = this.#edges[person % this.#edges.length];
    if (edge !== undefined) this.#time.soon(() => void this.#login(person, edge), edge.actor);
  }

  /** The person says something else of himself. */
  change(person: number, status: number): void {
    this.#do(person, (session) => session.change(`<show>away</show><status>${status}</status>${CAPS}</presence>`));
  }

  message(from: number, to: number, body: string): void {
    const stanza = `<message to='${this.population.jid(to)}' type='chat' id='m'><body>${body}</body></message>`;
    this.#do(from, (session) => session.send(stanza));
  }

  /** Somebody may die: then all are asked. */
  expectDeath(): void {
    for (const edge of this.#edges) edge.expectDeath();
  }

  /** kill -9, of one without views if there is one. Returns how many were there. */
  killEdge(): number {
    const edge = this.#edges.pop();
    if (edge === undefined) return 0;
    this.#kill(edge, this.#edgeGroup);
    const gone = [...this.online].filter(([, { edge: of }]) => of === edge);
    for (const [person] of gone) this.online.delete(person);
    return gone.length;
  }

  /** Returns how many of its users were there. */
  killOwner(): number {
    const owner = this.#owners.pop();
    if (owner === undefined) return 0;
    this.#kill(owner, this.#ownerGroup);
    let count = 0;
    for (const person of this.online.keys())
      if (this.#map.ownerOf(this.population.partition(person))?.id === owner.id) count++;
    return count;
  }

  /** Takes processes away with all that they hold, so that it is seen what that was. Returns how many sessions had their edge among them. */
  drop(part: 'whole edges' | 'other edges' | 'owners'): number {
    const dropped =
      part === 'owners'
        ? this.#owners.splice(0)
        : this.#edges.filter(({ isWhole }) => isWhole === (part === 'whole edges'));
    this.#edges = this.#edges.filter((edge) => !dropped.includes(edge));
    for (const process of dropped) this.#end(process);
    this.#time.bury();
    const before = this.online.size;
    for (const [person, { edge }] of this.online) if (dropped.includes(edge)) this.online.delete(person);
    return before - this.online.size;
  }

  /** What is wrong with what the person's client has been shown; '' when nothing is. */
  differenceOf(person: number): string {
    const own = this.online.get(person);
    if (own === undefined) return `${person} is not online`;
    const shown = own.session.shown();
    const there = [person, ...this.population.friends(person)].flatMap(
      (other) => this.online.get(other)?.session ?? [],
    );
    const wrong = there.filter(({ jid, stamp }) => shown.get(jid) !== stamp).map(({ jid }) => jid);
    if (wrong.length > 0) return `${own.session.jid} has not been shown ${wrong.join(', ')}`;
    const known = [...shown.keys()].filter((jid) => this.population.isOwn(personOf(jid)));
    return known.length === there.length
      ? ''
      : `${own.session.jid} has been shown ${known.length}, not ${there.length}`;
  }

  async #login(person: number, edge: SimulatedEdge): Promise<void> {
    try {
      const session = await edge.login(person);
      this.online.set(person, { edge, session });
    } catch (error) {
      // Policy: the run goes on, and says at its end that it has no result.
      this.failures.push(error);
    }
  }

  #do(person: number, work: (session: SimulatedSession) => void): void {
    const online = this.online.get(person);
    if (online !== undefined) this.#time.soon(() => work(online.session), online.edge.actor);
  }

  #addEdge(id: string, isWhole: boolean): void {
    const actor = this.#time.newActor(id, isWhole ? 'edge' : 'crowd');
    const connection = this.network.connect(actor);
    const process = { id, actor, connection };
    this.#edges.push(this.#time.as(actor, () => (isWhole ? this.#wholeEdge(process) : this.#crowd(process))));
  }

  #groupsOf({ id, actor }: Process) {
    return { nodes: this.#ownerGroup.watch(actor), edge: this.#edgeGroup.join(id, actor) };
  }

  #wholeEdge(process: Process): SimulatedEdge {
    const { id, connection } = process;
    const { written } = this;
    const edge = new EdgeWithoutSockets({
      ...{ id, domain: DOMAIN, bus: connection, log: this.#streams.logOf(connection) },
      ...{ sessionRecords: this.#records, groups: this.#groupsOf(process) },
      onWrite: ({ length }) => {
        written.stanzas++;
        written.bytes += length;
        written.lastAtMs = this.#time.nowMs;
      },
    });
    return wholeEdge(process, edge);
  }

  #crowd(process: Process): SimulatedEdge {
    const { id, connection } = process;
    const edge = new EdgeWithoutViews({ id, bus: connection, groups: this.#groupsOf(process) });
    return crowdEdge(process, edge, (person) => this.population.jid(person));
  }

  #addOwner(id: string): void {
    const actor = this.#time.newActor(id, 'presence');
    const connection = this.network.connect(actor);
    this.#time.as(actor, () =>
      beginNode({
        ...{ id, bus: connection, sessionRecords: this.#records, metrics: new MetricsRegistry(), streams: STREAMS },
        env: {},
        watchEdges: () => this.#edgeGroup.watch(actor),
        join: () => this.#ownerGroup.join(id, actor),
      }),
    );
    this.#owners.push({ id, actor, connection });
  }

  #kill(process: Process, group: SimulatedGroup): void {
    this.#end(process);
    this.#time.after(EVICTED_AFTER_MS, () => group.evict(process.id), this.#time.clients);
  }

  #end({ actor, connection }: Process): void {
    actor.isDead = true;
    connection.cut();
    this.#edgeGroup.abandon(actor);
    this.#ownerGroup.abandon(actor);
  }
}

const mapOf = (ids: readonly string[]): OwnerMap<Member> =>
  OwnerMap.rendezvous(
    PARTITIONS,
    ids.map((id) => ({ id, incarnation: '', joinedEpoch: 0 })),
  );

/** The first owners that have at least this share of all partitions. */
export function ownersOfShare(ids: readonly string[], share: number): readonly string[] {
  const map = mapOf(ids);
  const owners = Array.from({ length: PARTITIONS }, (_, partition) => map.ownerOf(partition)?.id);
  const chosen: string[] = [];
  for (const id of ids) {
    if (owners.filter((owner) => owner !== undefined && chosen.includes(owner)).length >= share * PARTITIONS) break;
    chosen.push(id);
  }
  return chosen;
}
