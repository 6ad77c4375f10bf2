import {
  type Bus,
  BusClosedError,
  type Commit,
  type Delivery,
  NoRespondersError,
  RequestTimeoutError,
  type Subscription,
} from '@starling/bus';
import { kindOf, Traffic, type TrafficKind } from './traffic.ts';
import type { Actor, VirtualTime } from './virtual-time.ts';

/** From one process to another by way of a server. */
const LATENCY_MS = 0.4;
/** What comes within it is read together, as a busy process does. */
const TURN_MS = 0.5;
const TIMEOUTS_TOGETHER_MS = 250;
/** What NATS takes by default. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
const INBOX = '_INBOX.';

interface Member {
  readonly connection: Connection;
  readonly queue: string | undefined;
  readonly handler: (delivery: Delivery) => void;
}

interface OpenRequest {
  readonly connection: Connection;
  readonly kind: TrafficKind;
  readonly subject: string;
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  /** It is given up with these others. */
  readonly together: Set<string>;
}

/** Core NATS between the processes of the simulated cluster: at most once, in order, later; every message is counted. */
export class Network {
  readonly traffic = new Traffic();
  readonly time: VirtualTime;
  /** Most subjects have one subscriber: no list is kept for those. */
  readonly #members = new Map<string, Member | Member[]>();
  readonly #requests = new Map<string, OpenRequest>();
  #lastRequest = 0;
  #nextOfGroup = 0;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  /** Subjects that somebody listens to. */
  get subjects(): number {
    return this.#members.size;
  }

  connect(actor: Actor): Connection {
    return new Connection(this, actor);
  }

  join(subject: string, member: Member): () => void {
    if (/[*>]/.test(subject)) throw new Error(`no wildcards here: ${subject}`);
    const there = this.#members.get(subject);
    if (there === undefined) this.#members.set(subject, member);
    else if (Array.isArray(there)) there.push(member);
    else this.#members.set(subject, [there, member]);
    return () => this.#leave(subject, member);
  }

  #leave(subject: string, member: Member): void {
    const there = this.#members.get(subject);
    if (Array.isArray(there)) {
      const rest = there.filter((other) => other !== member);
      const [only] = rest;
      if (rest.length === 1 && only !== undefined) this.#members.set(subject, only);
      else this.#members.set(subject, rest);
    } else if (there === member) this.#members.delete(subject);
  }

  /** All that this one had subscribed to is gone. */
  forget(connection: Connection): void {
    for (const [subject, there] of this.#members)
      for (const member of Array.isArray(there) ? [...there] : [there])
        if (member.connection === connection) this.#leave(subject, member);
  }

  publish(publisher: Actor, subject: string, data: Uint8Array, replyTo = ''): void {
    if (data.length > MESSAGE_BYTES_MAX) throw new RangeError(`${data.length} bytes do not fit in a message`);
    if (subject.startsWith(INBOX)) this.#answer(subject, data);
    else this.#publish(kindOf(subject, publisher.role), subject, data, replyTo, undefined);
  }

  /** As a stream does with an entry that it has committed. */
  republish(subject: string, data: Uint8Array, commit: Commit): void {
    this.#publish('entry to edges', subject, data, '', commit);
  }

  #publish(kind: TrafficKind, subject: string, data: Uint8Array, replyTo: string, commit: Commit | undefined): void {
    const delivery = { subject, data, replyTo, commit };
    const there = this.#members.get(subject);
    const to = there === undefined ? [] : Array.isArray(there) ? this.#chosen(there) : [there];
    this.traffic.count(kind, data.length, to.length);
    for (const { connection, handler } of to) connection.arrive(() => handler(delivery));
    if (to.length === 0 && replyTo !== '') this.#fail(replyTo, new NoRespondersError(subject));
  }

  /** All that are in no group, and one of each group. */
  #chosen(members: readonly Member[]): readonly Member[] {
    const alone = members.filter(({ queue }) => queue === undefined);
    if (alone.length === members.length) return members;
    const grouped = members.filter(({ queue }) => queue !== undefined);
    const one = grouped[this.#nextOfGroup++ % grouped.length];
    return one === undefined ? alone : [...alone, one];
  }

  request(connection: Connection, subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const replyTo = `${INBOX}${++this.#lastRequest}`;
      const kind = kindOf(subject, connection.actor.role);
      const together = connection.timeouts.add(this.time.nowMs + timeoutMs, replyTo);
      this.#requests.set(replyTo, { connection, kind, subject, resolve, reject, together });
      this.publish(connection.actor, subject, data, replyTo);
    });
  }

  /** Nobody has answered in time. */
  giveUp(replyTo: string): void {
    this.#fail(replyTo, new RequestTimeoutError(this.#requests.get(replyTo)?.subject ?? ''));
  }

  #answer(replyTo: string, data: Uint8Array): void {
    const request = this.#done(replyTo);
    if (request === undefined) return;
    this.traffic.count(request.kind, data.length, 1);
    request.connection.arrive(() => request.resolve(data));
  }

  #fail(replyTo: string, error: Error): void {
    const request = this.#done(replyTo);
    request?.connection.arrive(() => request.reject(error));
  }

  #done(replyTo: string): OpenRequest | undefined {
    const request = this.#requests.get(replyTo);
    this.#requests.delete(replyTo);
    request?.together.delete(replyTo);
    return request;
  }
}

/**
 * When requests of one process are given up: those of a quarter of a second together. Names only, and those that were answered go at once: of a
 * million logins all that was asked would else be kept for seconds of a time that passes slowly.
 */
class Timeouts {
  readonly #network: Network;
  readonly #actor: Actor;
  readonly #due = new Map<number, Set<string>>();

  constructor(network: Network, actor: Actor) {
    this.#network = network;
    this.#actor = actor;
  }

  /** Returns those that are given up with it. */
  add(atMs: number, replyTo: string): Set<string> {
    const dueMs = Math.ceil(atMs / TIMEOUTS_TOGETHER_MS) * TIMEOUTS_TOGETHER_MS;
    let together = this.#due.get(dueMs);
    if (together === undefined) {
      together = new Set();
      this.#due.set(dueMs, together);
      this.#network.time.at(dueMs, () => this.#run(dueMs), this.#actor);
    }
    together.add(replyTo);
    return together;
  }

  #run(dueMs: number): void {
    const together = this.#due.get(dueMs) ?? [];
    this.#due.delete(dueMs);
    for (const replyTo of together) this.#network.giveUp(replyTo);
  }
}

/** One process's connection to the bus. */
export class Connection implements Bus {
  readonly actor: Actor;
  readonly timeouts: Timeouts;
  readonly #network: Network;
  readonly #time: VirtualTime;
  readonly #undo = new Set<() => void>();
  #arrived: (() => void)[] = [];
  #arrivesAtMs = 0;
  #isClosed = false;

  constructor(network: Network, actor: Actor) {
    this.#network = network;
    this.#time = network.time;
    this.actor = actor;
    this.timeouts = new Timeouts(network, actor);
  }

  publish(subject: string, data: Uint8Array, replyTo = ''): void {
    if (!this.#isClosed) this.#network.publish(this.actor, subject, data, replyTo);
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    const leave = this.#network.join(subject, { connection: this, queue: options?.queue, handler });
    return { unsubscribe: leave };
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(new BusClosedError(subject));
    return this.#network.request(this, subject, data, timeoutMs);
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.arrive(resolve));
  }

  /** It never breaks while its process lives. */
  onReconnect(handler: () => void): () => void {
    this.#undo.add(handler);
    return () => this.#undo.delete(handler);
  }

  async close(): Promise<void> {
    this.cut();
  }

  /** kill -9 of its process, as the network has it. */
  cut(): void {
    this.#isClosed = true;
    this.#network.forget(this);
  }

  /** Something comes for this process, behind what came before. */
  arrive(work: () => void): void {
    const atMs = Math.ceil((this.#time.nowMs + LATENCY_MS) / TURN_MS) * TURN_MS;
    if (this.#arrived.length > 0 && atMs === this.#arrivesAtMs) {
      this.#arrived.push(work);
      return;
    }
    const turn = [work];
    this.#arrived = turn;
    this.#arrivesAtMs = atMs;
    this.#time.at(atMs, () => this.#take(turn), this.actor);
  }

  #take(turn: readonly (() => void)[]): void {
    if (this.#isClosed) return;
    if (this.#arrived === turn) this.#arrived = [];
    for (const work of turn) work();
  }
}
