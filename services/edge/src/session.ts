import { SESSION_STATE, type SessionRow, type SessionState } from '@starling/contracts';
import type { Session } from '@starling/feature-api';
import { type BareJid, bareOf, type FullJid, resourceOf } from '@starling/jid';
import type { Stanza, StreamError } from '@starling/stanza';
import type { Scanned } from '@starling/xml';
import { RecentEntries } from './recent-entries.ts';
import { SerialQueue } from './serial-queue.ts';

/** The stream below a session, as far as a session needs it. */
export interface Link {
  readonly peerAddress: string;
  readonly loopback: boolean;
  /** The language of stanzas that do not say theirs, '' when the client's stream does not either (RFC 6120 §4.7.4). */
  readonly lang: string;
  /** When the client was last heard (performance.now()); now, while the link is stalled. */
  readonly heardAt: number;
  /** A stanza as Stanza.encode gives it. */
  write(encoded: Uint8Array): void;
  /** Stops reading from the client until unstall() was called as often. */
  stall(): void;
  unstall(): void;
  /** Closes the stream with an error. */
  fail(error: StreamError): void;
}

/** What stanzas of a session are handed to, one after another. */
export type HandleStanza = (session: ClientSession, stanza: Scanned) => void | Promise<void>;

export interface ClientSessionOptions {
  readonly id: string;
  /** Of the edge that holds it. */
  readonly edge: string;
  readonly jid: FullJid;
  readonly link: Link;
  readonly handle: HandleStanza;
  /** Bounds of what waits to be handled; beyond them the link is stalled. */
  readonly queueMax: number;
  readonly queueBytesMax: number;
  readonly onQueueFull: () => void;
}

/** One client's bound resource. */
export class ClientSession implements Session {
  readonly id: string;
  readonly user: BareJid;
  readonly jid: FullJid;
  readonly resource: string;
  readonly peerAddress: string;
  readonly loopback: boolean;
  readonly lang: string;
  /** As it stands in envelopes: edge and session. */
  readonly origin: string;
  readonly slots = new Map<string, unknown>();
  /** Where its last messages stand in the logs. */
  readonly entries = new RecentEntries();
  /** Order of binds, Unix time in ms; set when the session is attached. */
  boundAt = 0;
  state: SessionState = SESSION_STATE.connected;
  /** RFC 6121 §4.7.2.3. */
  priority = 0;
  /** Stanzas handled so far; with the session's id the key of a message without an origin-id. */
  handled = 0;
  ended = false;
  readonly #link: Link;
  readonly #queue: SerialQueue<Scanned>;

  constructor(options: ClientSessionOptions) {
    const { link } = options;
    this.id = options.id;
    this.jid = options.jid;
    this.user = bareOf(options.jid);
    this.resource = resourceOf(options.jid);
    this.peerAddress = link.peerAddress;
    this.loopback = link.loopback;
    this.lang = link.lang;
    this.origin = `${options.edge}/${options.id}`;
    this.#link = link;
    this.#queue = new SerialQueue({
      handle: (stanza) => options.handle(this, stanza),
      sizeOf: (stanza) => stanza.bytes.length,
      max: options.queueMax,
      bytesMax: options.queueBytesMax,
      onFull: () => {
        options.onQueueFull();
        link.stall();
      },
      onRoom: () => link.unstall(),
    });
  }

  get heardAt(): number {
    return this.#link.heardAt;
  }

  get available(): boolean {
    return this.state === SESSION_STATE.available;
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
    this.deliver(stanza.encode());
  }

  /** To the client: a stanza as Stanza.encode gives it. */
  deliver(encoded: Uint8Array): void {
    if (!this.ended) this.#link.write(encoded);
  }

  /** Closes the client's stream with an error; the stream then ends this session. What was received before is still handled. */
  fail(error: StreamError): void {
    this.#link.fail(error);
  }

  /** As fail, for what the client itself did wrong: nothing behind it is handled. */
  abort(error: StreamError): void {
    this.#queue.clear();
    this.#link.fail(error);
  }

  /** As abort, once the stanza that is being handled has its answer. */
  abortWhenIdle(error: StreamError): void {
    this.#queue.clear();
    this.#queue.whenIdle(() => this.#link.fail(error));
  }

  /** Called once, by the edge, when the stream is gone. Messages that were received before are still handled. */
  end(): void {
    this.ended = true;
  }

  /** This session in the session table. */
  get row(): SessionRow {
    return {
      resource: this.resource,
      session: this.id,
      state: this.state,
      priority: this.priority,
      boundAt: this.boundAt,
    };
  }
}
