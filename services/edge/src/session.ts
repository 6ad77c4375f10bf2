import { SESSION_STATE, type SessionRow, type SessionState } from '@starling/contracts';
import type { Session } from '@starling/feature-api';
import { type BareJid, bareOf, type FullJid, resourceOf } from '@starling/jid';
import type { Stanza, StreamError } from '@starling/stanza';
import type { Scanned } from '@starling/xml';
import { SerialQueue } from './serial-queue.ts';

/** The stream below a session, as far as a session needs it. */
export interface Link {
  readonly peerAddress: string;
  readonly loopback: boolean;
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

/** One client's bound resource. */
export class ClientSession implements Session {
  readonly id: string;
  readonly user: BareJid;
  readonly jid: FullJid;
  readonly resource: string;
  readonly boundAt: number;
  readonly peerAddress: string;
  readonly loopback: boolean;
  readonly slots = new Map<string, unknown>();
  state: SessionState = SESSION_STATE.connected;
  /** RFC 6121 §4.7.2.3. */
  priority = 0;
  /** Stanzas handled so far; with the session's id the key of a message without an origin-id. */
  handled = 0;
  ended = false;
  readonly #link: Link;
  readonly #queue: SerialQueue<Scanned>;

  constructor(options: {
    id: string;
    jid: FullJid;
    boundAt: number;
    link: Link;
    handle: HandleStanza;
    queueMax: number;
    onQueueFull: () => void;
  }) {
    this.id = options.id;
    this.jid = options.jid;
    this.user = bareOf(options.jid);
    this.resource = resourceOf(options.jid);
    this.boundAt = options.boundAt;
    this.peerAddress = options.link.peerAddress;
    this.loopback = options.link.loopback;
    this.#link = options.link;
    this.#queue = new SerialQueue(
      (stanza) => options.handle(this, stanza),
      options.queueMax,
      () => {
        options.onQueueFull();
        this.#link.stall();
      },
      () => this.#link.unstall(),
    );
  }

  /** A stanza from the client. */
  receive(stanza: Scanned): void {
    this.#queue.push(stanza);
  }

  send(stanza: Stanza): void {
    this.deliver(stanza.encode());
  }

  /** To the client: a stanza as Stanza.encode gives it. */
  deliver(encoded: Uint8Array): void {
    if (!this.ended) this.#link.write(encoded);
  }

  /** Stops reading from the client while the log is congested. */
  stall(): void {
    this.#link.stall();
  }

  unstall(): void {
    this.#link.unstall();
  }

  /** Closes the client's stream with an error; the stream then ends this session. */
  fail(error: StreamError): void {
    this.#link.fail(error);
  }

  /** Called once, by the edge, when the stream is gone. */
  end(): void {
    this.ended = true;
    this.#queue.end();
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
