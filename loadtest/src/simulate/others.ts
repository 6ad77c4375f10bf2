import {
  COPY,
  decodeNodeBatch,
  type Emission,
  encodeEdgeBatch,
  encodeEnvelope,
  encodeNodeBatch,
  FATE,
  KIND,
  type Probe,
  subjects,
} from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import { personOf } from '../presence/people.ts';
import { oneOf, type Random } from '../random.ts';
import { ScatteredOrder } from './login-order.ts';
import type { Connection, Network } from './network.ts';
import { OwnFriends } from './own-friends.ts';
import { CAPS, RESOURCE } from './people.ts';
import type { Population } from './population.ts';
import type { Streams } from './streams.ts';

/** As owners do by default. */
const LINGER_MS = 10;
/** A message is sent earlier at this many bytes; addresses are counted threefold. */
const BATCH_BYTES = 512 * 1024;
const BATCH_ENTRIES = 2_000;
/** Numbers and tags of one entry. */
const BYTES_AN_ENTRY = 64;
const NOTHING: readonly never[] = [];

interface Pending {
  readonly emissions: Emission[];
  readonly probes: Probe[];
  bytes: number;
}

interface OtherOwner {
  readonly id: string;
  readonly connection: Connection;
  readonly incarnation: string;
  readonly toNodes: Map<string, Pending>;
  readonly toEdges: Map<string, Pending>;
  /** By subject. */
  readonly sequences: Map<string, number>;
  isFlushPlanned: boolean;
}

export interface OthersOptions {
  readonly network: Network;
  readonly population: Population;
  readonly streams: Streams;
  readonly random: Random;
  /** Who owns a partition, simulated or not. */
  readonly ownerOf: (partition: number) => string;
  readonly edges: () => readonly { readonly id: string }[];
  /** Becomes a member of the owners. */
  readonly join: (id: string, connection: Connection) => { readonly incarnation: string; readonly epoch: () => number };
}

/**
 * Owners of the partitions that are not simulated. They know nothing of sessions but in which order their users log in, and how far that has
 * got: they answer who asks for one of these, and they say and ask what their users' logins, changes and messages make them say and ask of
 * those who are simulated.
 */
export class Others {
  readonly #options: OthersOptions;
  readonly #owners = new Map<string, OtherOwner>();
  #epoch: () => number = () => 0;
  readonly #beganMs: number;
  /** Stamps of those who have said something since their login. */
  readonly #changed = new Map<number, number>();
  /** In which users log in; up to the place they are there. */
  readonly #order: ScatteredOrder;
  #place = 0;
  readonly #friends: OwnFriends;

  constructor(options: OthersOptions, ids: readonly string[]) {
    this.#options = options;
    this.#beganMs = options.network.time.nowMs;
    this.#order = new ScatteredOrder(options.population.users);
    this.#friends = new OwnFriends(options.population);
    for (const id of ids) this.#add(id);
  }

  /** Another user logs in, if one is left: those who watch him are told, and he asks for those whom he watches. */
  login(): void {
    const { population } = this.#options;
    while (this.#place < population.users) {
      const person = this.#order.at(this.#place++);
      if (this.#friends.isOwn(person)) continue;
      this.#speak(person, true);
      return;
    }
  }

  /** All but the last so many in the order, of which some are simulated, have been there all along: nobody is told, but whoever asks. */
  beThereBut(last: number): void {
    this.#place = Math.max(this.#place, this.#options.population.users - last);
  }

  /** All who are left. */
  loginAll(): void {
    while (this.#place < this.#options.population.users) this.login();
  }

  change(): void {
    const { population, random } = this.#options;
    for (;;) {
      const person = Math.floor(random() * population.users);
      if (this.#friends.isOwn(person) || !this.#isThere(person)) continue;
      this.#changed.set(person, Math.floor(this.#options.network.time.nowMs));
      this.#speak(person, false);
      return;
    }
  }

  /** Another user writes to one who is simulated. */
  message(to: number, body: string): void {
    const { population, streams } = this.#options;
    const sender = population.friends(to).find((person) => !this.#friends.isOwn(person));
    if (sender === undefined) return;
    const owner = population.jid(to);
    const from = fullOf(population.jid(sender));
    const stanza = Buffer.from(
      `<message xmlns="jabber:client" from="${from}" to="${owner}" type="chat" id="m"><body>${body}</body></message>`,
    );
    const entry = encodeEnvelope({
      ...{ id: 'of-others', owner, from, to: owner, kind: KIND.message, type: 'chat', fate: FATE.archived },
      ...{ copy: COPY.received, hints: 0, origin: 'edge-0/s', sentAtMs: 0, after: 0, stanza },
    });
    streams.append(owner, entry);
  }

  #add(id: string): void {
    const { network, join } = this.#options;
    const connection = network.connect(network.time.newActor(id, 'others'));
    const { incarnation, epoch } = join(id, connection);
    this.#epoch = epoch;
    const maps = { toNodes: new Map(), toEdges: new Map(), sequences: new Map() };
    const owner = { id, connection, incarnation, ...maps, isFlushPlanned: false };
    this.#owners.set(id, owner);
    connection.subscribe(subjects.node(id), ({ data }) => {
      for (const probe of decodeNodeBatch(data).probes) this.#answer(owner, probe);
    });
  }

  /** What is added goes with what else is within a moment, or now when that is much. */
  #added(owner: OtherOwner, pending: Pending): void {
    if (isFull(pending)) this.#flush(owner);
    if (owner.isFlushPlanned) return;
    owner.isFlushPlanned = true;
    const flush = () => {
      owner.isFlushPlanned = false;
      this.#flush(owner);
    };
    this.#options.network.time.after(LINGER_MS, flush, owner.connection.actor);
  }

  #isThere(person: number): boolean {
    return this.#order.placeOf(person) < this.#place;
  }

  #speak(person: number, isLogin: boolean): void {
    const { population, random, ownerOf, edges } = this.#options;
    const friends = this.#friends.of(person);
    if (friends.length === 0) return;
    const owner = this.#owners.get(ownerOf(population.partition(person)));
    if (owner === undefined) return;
    const emission = this.#presenceOf(person);
    const byNode = new Map<string, BareJid[]>();
    for (const friend of friends) {
      const node = ownerOf(population.partition(friend));
      byNode.set(node, [...(byNode.get(node) ?? []), population.jid(friend)]);
    }
    const edge = oneOf(random, edges()).id;
    for (const [node, to] of byNode) {
      const pending = pendingOf(owner.toNodes, node);
      pending.emissions.push({ ...emission, to });
      pending.bytes += emission.presence.length + addressBytes(to) + BYTES_AN_ENTRY;
      if (isLogin) {
        pending.probes.push({ prober: emission.from, edge, targets: to, asked: false, id: '', shown: false });
        pending.bytes += addressBytes(to) + BYTES_AN_ENTRY;
      }
      this.#added(owner, pending);
    }
  }

  #answer(owner: OtherOwner, { prober, edge, targets }: Probe): void {
    const there = targets.filter((target) => this.#isThere(personOf(target)));
    if (there.length === 0) return;
    const pending = pendingOf(owner.toEdges, edge);
    for (const target of there) {
      const emission = { ...this.#presenceOf(personOf(target)), to: [prober] };
      pending.emissions.push(emission);
      pending.bytes += emission.presence.length + addressBytes(emission.to) + BYTES_AN_ENTRY;
    }
    this.#added(owner, pending);
  }

  /** The same one as long as he says nothing new. */
  #presenceOf(person: number): Emission {
    const from = fullOf(this.#options.population.jid(person));
    const stamp = this.#changed.get(person) ?? this.#beganMs;
    const presence = Buffer.from(` from="${from}"><status>${stamp}</status>${CAPS}</presence>`);
    return { from, stamp, unavailable: false, presence, to: NOTHING, toSeen: false, always: false };
  }

  #flush(owner: OtherOwner): void {
    const { id, connection, incarnation, toNodes, toEdges } = owner;
    const head = (subject: string) => {
      const sequence = (owner.sequences.get(subject) ?? 0) + 1;
      owner.sequences.set(subject, sequence);
      return { incarnation, epoch: this.#epoch(), sequence };
    };
    for (const [node, { emissions, probes }] of toNodes) {
      const subject = subjects.node(node);
      const rest = { events: NOTHING, states: NOTHING, digests: NOTHING, seen: NOTHING };
      connection.publish(subject, encodeNodeBatch({ ...head(subject), ...rest, emissions, probes, sender: id }));
    }
    for (const [edge, { emissions }] of toEdges) {
      const subject = subjects.edge(edge);
      const rest = { requests: NOTHING, wanted: NOTHING, missed: false };
      connection.publish(subject, encodeEdgeBatch({ ...head(subject), ...rest, node: id, emissions }));
    }
    toNodes.clear();
    toEdges.clear();
  }
}

function pendingOf(map: Map<string, Pending>, receiver: string): Pending {
  let pending = map.get(receiver);
  if (pending === undefined) {
    pending = { emissions: [], probes: [], bytes: 0 };
    map.set(receiver, pending);
  }
  return pending;
}

const addressBytes = (to: readonly string[]): number => 3 * to.reduce((sum, jid) => sum + jid.length, 0);

const isFull = ({ emissions, probes, bytes }: Pending): boolean =>
  bytes >= BATCH_BYTES || emissions.length + probes.length >= BATCH_ENTRIES;

const fullOf = (user: BareJid): FullJid => `${user}/${RESOURCE}` as FullJid;
