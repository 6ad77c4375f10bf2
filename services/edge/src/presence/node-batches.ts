import type { Bus } from '@starling/bus';
import {
  encodeNodeBatch,
  type PartitionDigest,
  type PartitionState,
  type Probe,
  type Seen,
  type SessionEvent,
  subjects,
} from '@starling/contracts';
import type { Member } from '@starling/owners';
import type { Logger } from '@starling/runtime';
import type { PresenceOwners } from './owners.ts';

/** A batch is sent when it is as large: NATS carries 1 MiB at most, and one session's presence may be as large as a stanza. */
const BATCH_BYTES_MAX = 256 * 1024;
/** What an item takes beside presence, addresses and ids. */
const ITEM_BYTES = 256;
/** Nodes of whom the number of the last batch is remembered: a restarted node is another one. */
const NODES_MAX = 1_000;

interface Pending {
  readonly node: Member;
  events: SessionEvent[];
  states: PartitionState[];
  digests: PartitionDigest[];
  probes: Probe[];
  seen: Seen[];
  bytes: number;
}

const emptyFor = (node: Member): Pending => ({
  node,
  events: [],
  states: [],
  digests: [],
  probes: [],
  seen: [],
  bytes: 0,
});

/** From this edge to the presence nodes: what comes together within a turn of the loop goes as one batch for each node. */
export class NodeBatches {
  readonly #bus: Bus;
  readonly #edge: string;
  readonly #incarnation: () => string;
  readonly #owners: PresenceOwners;
  readonly #log: Logger;
  /** By incarnation of the node. */
  readonly #sequences = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: { bus: Bus; edge: string; incarnation: () => string; owners: PresenceOwners; log: Logger }) {
    this.#bus = options.bus;
    this.#edge = options.edge;
    this.#incarnation = options.incarnation;
    this.#owners = options.owners;
    this.#log = options.log;
  }

  stop(): void {
    this.flush();
  }

  event(partition: number, event: SessionEvent): void {
    this.#for(partition, eventBytes(event))?.events.push(event);
  }

  state(state: PartitionState): void {
    const bytes = state.sessions.reduce((sum, event) => sum + eventBytes(event) + ITEM_BYTES, 0);
    this.#for(state.partition, bytes)?.states.push(state);
  }

  digest(digest: PartitionDigest): void {
    this.#for(digest.partition, 0)?.digests.push(digest);
  }

  probe(partition: number, probe: Probe): void {
    this.#for(partition, probe.id.length + charsOf(probe.targets))?.probes.push(probe);
  }

  seen(partition: number, seen: Seen): void {
    this.#for(partition, 0)?.seen.push(seen);
  }

  /** Every node gets a batch, an empty one perhaps: a loss is seen by the number of what comes next. */
  beat(): void {
    for (const node of this.#owners.nodes) this.#to(node, 0);
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) this.#send(pending);
  }

  /** Without an owner there is nobody to tell: who becomes one gets the whole state. */
  #for(partition: number, bytes: number): Pending | undefined {
    const node = this.#owners.ownerOf(partition);
    return node && this.#to(node, bytes + ITEM_BYTES);
  }

  #to(node: Member, bytes: number): Pending {
    let pending = this.#pending.get(node.incarnation);
    if (pending !== undefined && pending.bytes + bytes > BATCH_BYTES_MAX) {
      this.#send(pending);
      pending = undefined;
    }
    if (pending === undefined) {
      pending = emptyFor(node);
      this.#pending.set(node.incarnation, pending);
    }
    pending.bytes += bytes;
    this.#flushing ??= setImmediate(() => this.flush());
    return pending;
  }

  #send({ node, bytes: _, ...content }: Pending): void {
    const sequence = (this.#sequences.get(node.incarnation) ?? 0) + 1;
    this.#sequences.set(node.incarnation, sequence);
    if (this.#sequences.size > NODES_MAX) this.#sequences.delete(this.#sequences.keys().next().value ?? '');
    const head = { sender: this.#edge, incarnation: this.#incarnation(), epoch: this.#owners.epoch, sequence };
    try {
      this.#bus.publish(subjects.node(node.id), encodeNodeBatch({ ...head, emissions: [], ...content }));
    } catch (error) {
      // Policy: what no message holds is dropped; its number is taken, so that the node asks. Anything else is a bug.
      if (!(error instanceof RangeError)) throw error;
      this.#log.error({ what: 'presence_batch_too_large', node: node.id, err: error });
    }
  }
}

/** What an event takes that a client decides upon. */
export const eventBytes = ({ presence, directed }: SessionEvent): number => presence.length + charsOf(directed);

function charsOf(texts: readonly string[]): number {
  let chars = 0;
  for (const text of texts) chars += text.length;
  return chars;
}
