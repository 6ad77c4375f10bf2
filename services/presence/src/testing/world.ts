import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, MemoryBus, MemoryRecords } from '@starling/bus';
import { encodeSessionRecord, groups, RECORD_STATE, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { presenceConfig } from '../config.ts';
import { PresenceNode } from '../presence-node.ts';
import { FakeEdge, type FakeSession } from './fake-edge.ts';
import { FakeGroup, type FakeMembership, type FakeWatch } from './fake-group.ts';
import { FakeRoster } from './fake-roster.ts';
import { LossyBus } from './lossy-bus.ts';
import { Trace } from './trace.ts';

const WAIT_MS = 5_000;
const POLL_MS = 2;

export interface RunningNode {
  readonly id: string;
  readonly node: PresenceNode;
  readonly membership: FakeMembership;
  readonly edges: FakeWatch;
  readonly bus: LossyBus;
}

/** Presence nodes, edges and a roster service on one bus in this process. */
export class World {
  readonly bus: Bus;
  readonly #memory: MemoryBus;
  readonly nodeGroup = new FakeGroup(groups.presence);
  readonly edgeGroup = new FakeGroup(groups.edge);
  readonly roster: FakeRoster;
  readonly nodes = new Map<string, RunningNode>();
  readonly edges = new Map<string, FakeEdge>();
  readonly failures: unknown[] = [];
  readonly metrics = new MetricsRegistry();
  readonly sessionRecords = new MemoryRecords(65_536);
  /** Sessions whose edge is dead, and whose clients may come back. */
  readonly away = new Set<FakeSession>();
  readonly trace = new Trace();
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#memory = new MemoryBus({ onError: (error) => this.failures.push(error) });
    this.bus = this.#memory;
    this.roster = new FakeRoster(this.bus);
    this.#env = {
      STARLING_PRESENCE_LINGER: '2ms',
      STARLING_PRESENCE_ASK_AFTER: '20ms',
      STARLING_PRESENCE_BEAT: '60ms',
      STARLING_PRESENCE_LEARN_MAX: '1s',
      STARLING_PRESENCE_LOAD_RETRY: '5ms',
      STARLING_PRESENCE_RPC_TIMEOUT: '1s',
      STARLING_PRESENCE_BIND_GRACE: '500ms',
      ...env,
    };
  }

  addNode(id: string): RunningNode {
    const bus = new LossyBus(this.#memory, id, this.trace);
    const config = loadConfig({ presence: presenceConfig }, { env: this.#env, args: [] }).presence;
    const { sessionRecords, metrics } = this;
    const node = new PresenceNode({ id, bus, sessionRecords, streams: 1, config, logger: silentLogger, metrics });
    node.listen();
    const edges = this.edgeGroup.watch();
    const membership = this.nodeGroup.join(id);
    node.begin(membership, edges);
    const running = { id, node, membership, edges, bus };
    this.nodes.set(id, running);
    this.trace.add(`node ${id} begins as ${membership.incarnation} in ${this.nodeGroup.epoch}`);
    membership.onChange(({ epoch }) => this.trace.add(`node ${id} is ${membership.incarnation} in ${epoch}`));
    return running;
  }

  addEdge(id: string): FakeEdge {
    const edge = new FakeEdge(id, new LossyBus(this.#memory, id, this.trace), this.edgeGroup, this.nodeGroup);
    this.edges.set(id, edge);
    this.trace.add(`edge ${id} begins as ${edge.membership.incarnation}`);
    edge.watch.onChange(({ epoch }) => this.trace.add(`edge ${id} knows ${epoch}`));
    return edge;
  }

  node(id: string): RunningNode {
    const found = this.nodes.get(id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** kill -9, and the others notice. */
  killNode(id: string): void {
    this.trace.add(`kill ${id}`);
    const { node, membership, bus } = this.node(id);
    bus.cut();
    membership.isFenced = true;
    node.stop();
    this.nodes.delete(id);
    this.nodeGroup.forget(membership);
    this.nodeGroup.evict(id);
  }

  /** It dies and is started again before anybody has noticed. */
  restartNode(id: string): void {
    this.trace.add(`restart ${id}`);
    const { node, membership, bus } = this.node(id);
    bus.cut();
    membership.isFenced = true;
    node.stop();
    this.nodeGroup.forget(membership);
    this.addNode(id);
  }

  /** The same of an edge. */
  restartEdge(id: string): void {
    this.trace.add(`restart ${id}`);
    this.edges.get(id)?.die();
    this.addEdge(id);
  }

  /** The record of one that can be resumed (XEP-0198), as its edge writes it. */
  async keepRecord(edge: FakeEdge, session: FakeSession, writtenAt: number): Promise<void> {
    const { user, resource, id, epoch, windowMs, boundAt, state, priority, stamp, presence, directed } = session;
    const record = {
      ...{ user, resource, session: id, origin: '', lang: '', edge: edge.id, incarnation: edge.membership.incarnation },
      ...{ epoch, recordState: RECORD_STATE.live, writtenAt, detachedAt: 0, windowMs, handled: 0, base: 0, acked: 0 },
      ...{
        queue: [],
        position: { epoch: 1, sequence: 7 },
        boundAt,
        state,
        priority,
        stamp,
        presence,
        directed,
        kept: {},
      },
      ...{ openRequests: [], covering: undefined, whole: false },
    };
    await this.sessionRecords.put(subjects.session(user as BareJid, id), encodeSessionRecord(record), 0);
  }

  /** As killEdge, but these sessions of it are only away. */
  killEdgeOf(id: string, away: readonly FakeSession[]): void {
    this.killEdge(id);
    for (const session of away) {
      session.isOver = false;
      this.away.add(session);
    }
  }

  killEdge(id: string): void {
    this.trace.add(`kill ${id}`);
    this.edges.get(id)?.die();
    this.edges.delete(id);
    this.edgeGroup.evict(id);
  }

  async stop(): Promise<void> {
    for (const { node } of this.nodes.values()) node.stop();
    for (const edge of this.edges.values()) edge.die();
    this.roster.stop();
    await this.#memory.close();
    if (this.failures.length > 0) throw this.failures[0];
  }
}

/** Resolves when the condition holds. @throws Error when it does not in time, with what it had to say */
export async function until(condition: () => boolean | string, timeoutMs = WAIT_MS): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const result = condition();
    if (result === true) return;
    if (performance.now() > end) throw new Error(`not in time: ${result || condition}`);
    await sleep(POLL_MS);
  }
}
