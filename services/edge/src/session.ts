import {
  comparePositions,
  type HashedSession,
  type Position,
  partitionOf,
  SESSION_STATE,
  type SessionEvent,
  type SessionRecord,
  type SessionState,
} from '@starling/contracts';
import { type Session, wantsCarbons } from '@starling/feature-api';
import { PresenceView } from '@starling/features/rfc-6121-presence/view';
import { ASK } from '@starling/features/xep-0198-stream-management/elements';
import { type BareJid, bareOf, type FullJid, resourceOf } from '@starling/jid';
import { NS, type Stanza, type StreamError } from '@starling/stanza';
import type { Element, Scanned } from '@starling/xml';
import { HeldPresence } from './csi/held-presence.ts';
import { RecentEntries } from './recent-entries.ts';
import { type QueueBounds, type QueueHost, SerialQueue } from './serial-queue.ts';
import type { ManagedStream } from './sm/managed-stream.ts';

/** The stream below a session, as far as a session needs it. */
export interface Link {
  readonly peerAddress: string;
  readonly loopback: boolean;
  /** The language of stanzas that do not say theirs, '' when the client's stream does not either (RFC 6120 §4.7.4). */
  readonly lang: string;
  /** When the client was last heard (performance.now()); now, while the link is stalled. */
  readonly heardAt: number;
  /** What was written and the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** A stanza as Stanza.encode gives it. */
  write(encoded: Uint8Array): void;
  /** An element that is no stanza. */
  writeElement(element: Element): void;
  /** Stops reading from the client until unstall() was called as often. */
  stall(): void;
  unstall(): void;
  /** Closes the stream with an error. */
  fail(error: StreamError): void;
  /** Cuts the connection, so that the session can be resumed. */
  destroy(): void;
  /** Closes the connection behind what was written, without an end of the stream, so that the client resumes its session elsewhere. */
  leave(): void;
}

/** What stanzas of a session are handed to, one after another. */
export type HandleStanza = (session: ClientSession, stanza: Scanned) => void | Promise<void>;

/** The edge around its sessions: one for all of them, so that each holds nothing but its own state. */
export interface SessionHost {
  /** Its id. */
  readonly edge: string;
  readonly handle: HandleStanza;
  /** Bounds of what waits to be handled; beyond them the link is stalled. */
  readonly queue: QueueBounds;
  onQueueFull(): void;
  /** Where the user's log ends, as far as it is known. */
  logEndOf(user: BareJid): Position | undefined;
  /** Bound of what a session remembers of others' presence. */
  readonly viewMax: number;
}

export interface ClientSessionOptions {
  readonly id: string;
  readonly jid: FullJid;
  readonly link: Link;
  /** Of a session that goes on: as it stands in envelopes since its bind. */
  readonly origin?: string;
}

const NOTHING = new Uint8Array(0);
const NOBODY: ReadonlySet<string> = new Set();

/** One client's bound resource. */
export class ClientSession implements Session, QueueHost<Scanned> {
  readonly id: string;
  readonly user: BareJid;
  readonly jid: FullJid;
  readonly resource: string;
  readonly peerAddress: string;
  readonly loopback: boolean;
  readonly lang: string;
  /** As it stands in envelopes: the edge where it was bound, and session. */
  readonly origin: string;
  slots: Map<string, unknown> | undefined;
  /** Where its last messages stand in the logs. */
  readonly entries = new RecentEntries();
  /** Of the user: whose owner is told of this session. */
  readonly partition: number;
  /** Whose presence the client has been shown. */
  readonly view: PresenceView;
  /** Order of binds, Unix time in ms, from the owner; 0 until he has answered. */
  boundAt = 0;
  /** In its user's log: all that is there is older than it. Undefined when that could not be learnt. */
  boundBehind: Position | undefined;
  /** The client has been told that its resource is bound, and the session has not ended since. */
  attached = false;
  state: SessionState = SESSION_STATE.connected;
  /** RFC 6121 §4.7.2.3. */
  priority = 0;
  /** Of what it broadcast last: Unix time in ms, made unique and rising for each full JID. */
  stamp = 0;
  #lastStamp = 0;
  #presence: Uint8Array = NOTHING;
  #directed: Set<string> | undefined;
  /** Stanzas handled so far, the one that is in hand included; with the session's id the key of a message without an origin-id. */
  handled = 0;
  ended = false;
  /** What waits while nobody looks at the client (XEP-0352); undefined while somebody does. */
  held: HeldPresence | undefined;
  /** Stream management (XEP-0198), once the client has enabled it. */
  sm: ManagedStream | undefined;
  /** Of one that goes on here: since when it gets what comes for its user's bare JID, if it does. */
  covered: SessionRecord['covering'];
  /** Undefined while a client that may come back has no connection. */
  #link: Link | undefined;
  readonly #host: SessionHost;
  readonly #queue: SerialQueue<Scanned>;

  constructor(options: ClientSessionOptions, host: SessionHost) {
    const { link } = options;
    this.#host = host;
    this.id = options.id;
    this.jid = options.jid;
    this.user = bareOf(options.jid);
    this.resource = resourceOf(options.jid);
    this.peerAddress = link.peerAddress;
    this.loopback = link.loopback;
    this.lang = link.lang;
    this.origin = options.origin ?? `${host.edge}/${options.id}`;
    this.partition = partitionOf(this.user);
    this.view = new PresenceView(host.viewMax);
    this.#link = link;
    this.#queue = new SerialQueue(host.queue, this);
  }

  /** Of its queue. */
  handle(stanza: Scanned): void | Promise<void> {
    return this.#host.handle(this, stanza);
  }

  sizeOf(stanza: Scanned): number {
    return stanza.bytes.length;
  }

  onFull(): void {
    this.#host.onQueueFull();
    this.#link?.stall();
  }

  onRoom(): void {
    this.#link?.unstall();
  }

  /** What stood behind `<presence` in what it broadcast last; empty while it is not available. */
  get presence(): Uint8Array {
    return this.#presence;
  }

  /** A copy is kept: bytes that were cut out of a larger piece would keep all of it. */
  set presence(bytes: Uint8Array) {
    this.#presence = bytes.length === 0 ? NOTHING : new Uint8Array(bytes);
  }

  /** To whom it has sent directed presence since, and not taken it back (RFC 6121 §4.6). */
  get directed(): ReadonlySet<string> {
    return this.#directed ?? NOBODY;
  }

  directTo(to: string): void {
    this.#directed ??= new Set();
    this.#directed.add(to);
  }

  takeBackFrom(to: string): void {
    this.#directed?.delete(to);
  }

  takeBackFromAll(): void {
    this.#directed = undefined;
  }

  /** Id of the edge that holds it. */
  get edge(): string {
    return this.#host.edge;
  }

  get heardAt(): number {
    return this.#link?.heardAt ?? performance.now();
  }

  /** Whether its client has a connection. */
  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** Stanzas of its client that are handled, without the one that is in hand. */
  get completed(): number {
    const { current } = this.#queue;
    return current === undefined || current.ns !== NS.client ? this.handled : this.handled - 1;
  }

  /** The id of a request of its client that is in hand; '' when there is none. */
  get requestInHand(): string {
    const { current } = this.#queue;
    return current?.name === 'iq' ? (current.attrs.id ?? '') : '';
  }

  /** Stanzas of its client that wait to be handled. */
  get waiting(): number {
    return this.#queue.length;
  }

  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /** What the client has not taken yet. */
  get bufferedBytes(): number {
    return this.ended ? 0 : (this.#link?.bufferedBytes ?? 0);
  }

  get logEnd(): Position | undefined {
    return this.#host.logEndOf(this.user);
  }

  get available(): boolean {
    return this.state === SESSION_STATE.available;
  }

  /** Whether it is younger than what is at this place of its user's log, for certain. */
  isBoundBehind(position: Position): boolean {
    return position.epoch > 0 && this.boundBehind !== undefined && comparePositions(this.boundBehind, position) >= 0;
  }

  /** A stanza from the client. */
  receive(stanza: Scanned): void {
    this.#queue.push(stanza);
  }

  /** Calls back when all that was received is handled. */
  whenIdle(handler: () => void): void {
    this.#queue.whenIdle(handler);
  }

  send(stanza: Stanza): void {
    const isAnswer = stanza.kind === 'iq' && (stanza.type === 'result' || stanza.type === 'error');
    this.deliver(stanza.encode(), undefined, isAnswer ? stanza.id : '');
  }

  /**
   * To the client: a stanza as Stanza.encode gives it; with its place in the user's log if it has one, and the id of the client's request if
   * it answers one.
   */
  deliver(encoded: Uint8Array, position?: Position, answers = ''): void {
    if (this.ended) return;
    if (this.held !== undefined) {
      if (position === undefined && this.held.takes(encoded)) return;
      for (const presence of this.held.release()) this.#put(presence, undefined, '');
    }
    this.#put(encoded, position, answers);
  }

  #put(encoded: Uint8Array, position: Position | undefined, answers: string): void {
    const { sm } = this;
    if (sm !== undefined && !sm.keep(encoded, position, answers)) return;
    this.#link?.write(encoded);
    if (sm?.asksNow) this.ask();
  }

  /** XEP-0352: its client says that nobody looks at it, or that somebody does: then what was held goes out. */
  becomeInactive(isInactive: boolean, heldMax: number): void {
    if (isInactive) {
      this.held ??= new HeldPresence(heldMax);
      return;
    }
    const held = this.held?.release() ?? [];
    this.held = undefined;
    for (const presence of held) this.#put(presence, undefined, '');
  }

  /** To the client: an element that is no stanza. */
  writeElement(element: Element): void {
    if (!this.ended) this.#link?.writeElement(element);
  }

  /** XEP-0198 §4: the client shall say what it has got. */
  ask(): void {
    if (this.#link === undefined || this.sm === undefined) return;
    this.sm.isAsking = true;
    this.#link.writeElement(ASK);
  }

  /** The client has no connection any more, and may come back. Nothing that it sent and that is not in hand is handled. */
  detachLink(): void {
    this.#link = undefined;
    this.#queue.clear();
  }

  /** The client is to go on elsewhere. */
  leave(): void {
    this.#link?.leave();
  }

  /** Cuts the connection, so that the session can be resumed. */
  cut(): void {
    this.#link?.destroy();
  }

  /** Closes the client's stream with an error; the stream then ends this session. What was received before is still handled. */
  fail(error: StreamError): void {
    this.#link?.fail(error);
  }

  /** As fail, for what the client itself did wrong: nothing behind it is handled. */
  abort(error: StreamError): void {
    this.#queue.clear();
    this.#link?.fail(error);
  }

  /** As abort, once the stanza that is being handled has its answer. */
  abortWhenIdle(error: StreamError): void {
    this.#queue.clear();
    this.#queue.whenIdle(() => this.#link?.fail(error));
  }

  /** Called once, by the edge, when the stream is gone. Messages that were received before are still handled. */
  end(): void {
    this.ended = true;
  }

  /** The stamp of a presence that it sends now, to whomever; above `after` as well. */
  nextStamp(after = 0): number {
    this.#lastStamp = Math.max(this.#lastStamp + 1, this.boundAt, after + 1, Date.now());
    return this.#lastStamp;
  }

  /** The stamp of what it broadcast last, at another edge. */
  restoreStamp(stamp: number): void {
    this.stamp = stamp;
    this.#lastStamp = stamp;
  }

  /** As much of `event` as tells whether its owner knows it as it is. */
  get hashed(): HashedSession {
    const { id: session, state, priority, boundAt, stamp } = this;
    const carbons = wantsCarbons.get(this);
    return {
      session,
      state,
      priority,
      boundAt,
      stamp,
      carbons,
      windowMs: this.sm?.windowMs ?? 0,
      epoch: this.sm?.epoch ?? 0,
    };
  }

  /** This session as the owner of its user's presence is to know it. */
  get event(): SessionEvent {
    return {
      user: this.user,
      resource: this.resource,
      session: this.id,
      state: this.state,
      priority: this.priority,
      boundAt: this.boundAt,
      stamp: this.stamp,
      presence: this.presence,
      ended: this.ended,
      directed: [...this.directed],
      carbons: wantsCarbons.get(this),
      windowMs: this.sm?.windowMs ?? 0,
      epoch: this.sm?.epoch ?? 0,
    };
  }
}
