import type { Bus } from '@starling/bus';
import {
  type Emission,
  encodeEdgeBatch,
  encodeNodeBatch,
  type Probe,
  type SubscriptionStanza,
  subjects,
} from '@starling/contracts';
import type { PresenceConfig } from './config.ts';
import { EmissionList } from './emission-list.ts';
import type { PresenceMetrics } from './metrics.ts';

/** Addresses are counted as if each of their characters took three bytes, numbers and tags included here. */
const BYTES_A_CHARACTER = 3;
const BYTES_AN_ENTRY = 64;
const NONE: readonly never[] = [];

interface Pending {
  readonly emissions: EmissionList;
  readonly probes: Probe[];
  readonly requests: SubscriptionStanza[];
  readonly wanted: Set<number>;
  missed: boolean;
  bytes: number;
  entries: number;
}

/** Who sends; undefined while this process may not act. */
export interface Sender {
  readonly id: string;
  readonly incarnation: string;
  readonly epoch: number;
}

/**
 * What is on its way to edges and other presence nodes: one batch for each, sent a linger after the one before, or when it is full. What
 * comes after a silence goes with its turn of the loop: it has nothing to wait for. A batch that is dropped has taken its number, so that
 * its receiver sees the loss and has it mended.
 */
export class Outbox {
  readonly #bus: Bus;
  readonly #config: PresenceConfig;
  readonly #metrics: PresenceMetrics;
  readonly #sender: () => Sender | undefined;
  readonly #nodes = new Map<string, Pending>();
  readonly #edges = new Map<string, Pending>();
  /** By receiver. */
  readonly #nodeSequences = new Map<string, number>();
  readonly #edgeSequences = new Map<string, number>();
  readonly #counts;
  #timer: NodeJS.Timeout | undefined;
  #turnEnd: NodeJS.Immediate | undefined;
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    bus: Bus;
    config: PresenceConfig;
    metrics: PresenceMetrics;
    sender: () => Sender | undefined;
  }) {
    this.#bus = options.bus;
    this.#config = options.config;
    this.#metrics = options.metrics;
    this.#sender = options.sender;
    const { emissionsOut, batches } = options.metrics;
    this.#counts = {
      toEdge: emissionsOut.with({ to: 'edge' }),
      toNode: emissionsOut.with({ to: 'node' }),
      edgeBatches: batches.with({ to: 'edge' }),
      nodeBatches: batches.with({ to: 'node' }),
    };
  }

  emitToNode(node: string, emission: Emission): void {
    this.#emit(this.#nodes, node, emission);
  }

  emitToEdge(edge: string, emission: Emission): void {
    this.#metrics.deliveries.inc(emission.to.length);
    this.#emit(this.#edges, edge, emission);
  }

  probe(node: string, probe: Probe): void {
    const pending = this.#of(this.#nodes, node);
    pending.probes.push(probe);
    this.#added(this.#nodes, node, pending, charactersOf(probe.targets) * BYTES_A_CHARACTER);
  }

  request(edge: string, stanza: SubscriptionStanza): void {
    const pending = this.#of(this.#edges, edge);
    pending.requests.push(stanza);
    this.#added(this.#edges, edge, pending, stanza.stanza.length);
  }

  want(edge: string, partition: number): void {
    this.#of(this.#edges, edge).wanted.add(partition);
  }

  miss(edge: string): void {
    this.#of(this.#edges, edge).missed = true;
  }

  /**
   * A loss is seen by the number of what comes next: whoever was ever sent something gets an empty batch when nothing else is for him. Again
   * and again, since that one may be lost as well.
   */
  beat(): void {
    for (const node of this.#nodeSequences.keys()) this.#of(this.#nodes, node);
    for (const edge of this.#edgeSequences.keys()) this.#of(this.#edges, edge);
    this.flush();
  }

  /** Forgets what waits, and whom it was for: the next incarnation counts anew. */
  reset(): void {
    this.#unplan();
    for (const all of [this.#nodes, this.#edges, this.#nodeSequences, this.#edgeSequences]) all.clear();
  }

  /** Receivers that are no more need no number. */
  forget(isEdge: (id: string) => boolean, isNode: (id: string) => boolean): void {
    for (const id of this.#edgeSequences.keys()) if (!isEdge(id)) this.#edgeSequences.delete(id);
    for (const id of this.#nodeSequences.keys()) if (!isNode(id)) this.#nodeSequences.delete(id);
    for (const id of this.#edges.keys()) if (!isEdge(id)) this.#edges.delete(id);
    for (const id of this.#nodes.keys()) if (!isNode(id)) this.#nodes.delete(id);
  }

  flush(): void {
    this.#unplan();
    this.#flushedAtMs = performance.now();
    for (const [node, pending] of this.#nodes) this.#sendToNode(node, pending);
    for (const [edge, pending] of this.#edges) this.#sendToEdge(edge, pending);
    this.#nodes.clear();
    this.#edges.clear();
  }

  #emit(map: Map<string, Pending>, receiver: string, emission: Emission): void {
    const pending = this.#of(map, receiver);
    const pushed = pending.emissions.push(emission);
    if (pushed !== 'added') this.#metrics.coalesced.inc();
    const { from, presence, to } = emission;
    const addresses = charactersOf(to) * BYTES_A_CHARACTER;
    const itself = pushed === 'joined' ? 0 : presence.length + from.length * BYTES_A_CHARACTER;
    this.#added(map, receiver, pending, itself + addresses);
  }

  #of(map: Map<string, Pending>, receiver: string): Pending {
    let pending = map.get(receiver);
    if (pending === undefined) {
      pending = {
        emissions: new EmissionList(),
        probes: [],
        requests: [],
        wanted: new Set(),
        missed: false,
        bytes: 0,
        entries: 0,
      };
      map.set(receiver, pending);
      this.#plan();
    }
    return pending;
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#turnEnd !== undefined) return;
    const restMs = this.#flushedAtMs + this.#config.lingerMs - performance.now();
    if (restMs > 0) this.#timer = setTimeout(this.#onDue, restMs);
    else this.#turnEnd = setImmediate(this.#onDue);
  }

  #unplan(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turnEnd);
    this.#timer = undefined;
    this.#turnEnd = undefined;
  }

  readonly #onDue = (): void => this.flush();

  #added(map: Map<string, Pending>, receiver: string, pending: Pending, bytes: number): void {
    pending.bytes += bytes + BYTES_AN_ENTRY;
    pending.entries++;
    if (pending.bytes < this.#config.batchBytes && pending.entries < this.#config.batchEntries) return;
    map.delete(receiver);
    if (map === this.#nodes) this.#sendToNode(receiver, pending);
    else this.#sendToEdge(receiver, pending);
  }

  #sendToNode(node: string, { emissions, probes }: Pending): void {
    const sequence = next(this.#nodeSequences, node);
    const sender = this.#sender();
    if (sender === undefined) {
      this.#metrics.dropped.inc(1, { reason: 'fenced' });
      return;
    }
    const { id, incarnation, epoch } = sender;
    const batch = encodeNodeBatch({
      sender: id,
      incarnation,
      epoch,
      sequence,
      emissions: this.#counted(emissions.take(), this.#counts.toNode),
      probes,
      events: NONE,
      states: NONE,
      digests: NONE,
      seen: NONE,
    });
    this.#counts.nodeBatches.inc();
    this.#publish(subjects.node(node), batch);
  }

  #sendToEdge(edge: string, { emissions, requests, wanted, missed }: Pending): void {
    const sequence = next(this.#edgeSequences, edge);
    const sender = this.#sender();
    if (sender === undefined) {
      this.#metrics.dropped.inc(1, { reason: 'fenced' });
      return;
    }
    const { id, incarnation, epoch } = sender;
    const batch = encodeEdgeBatch({
      node: id,
      incarnation,
      epoch,
      sequence,
      emissions: this.#counted(emissions.take(), this.#counts.toEdge),
      requests,
      wanted: [...wanted],
      missed,
    });
    this.#counts.edgeBatches.inc();
    this.#publish(subjects.edge(edge), batch);
  }

  #counted(emissions: readonly Emission[], counter: { inc(by: number): void }): readonly Emission[] {
    counter.inc(emissions.length);
    return emissions;
  }

  #publish(subject: string, batch: Uint8Array): void {
    try {
      this.#bus.publish(subject, batch);
    } catch (error) {
      // Policy: what no message holds is dropped; its number is taken, so that the receiver asks. Anything else is a bug.
      if (!(error instanceof RangeError)) throw error;
      this.#metrics.dropped.inc(1, { reason: 'too-large' });
    }
  }
}

function next(sequences: Map<string, number>, receiver: string): number {
  const sequence = (sequences.get(receiver) ?? 0) + 1;
  sequences.set(receiver, sequence);
  return sequence;
}

function charactersOf(jids: readonly string[]): number {
  let characters = 0;
  for (const jid of jids) characters += jid.length;
  return characters;
}
