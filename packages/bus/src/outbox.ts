import type { NatsConnection } from 'nats';
import { isConnected, sendCommands, unsentBytes } from './nats-client.ts';
import { FIRST_CHAR, LAST_CHAR, WORD_CHARS_MAX } from './word.ts';

// One write per loop turn. The client gathers what is published within one microtask queue, but each socket's 'data' event has
// its own, so a busy edge would still write once per client that it reads from (bench.ts: 4 times the CPU).

const SLAB_BYTES = 256 * 1024;
/** With more than this in the socket, what is sent again would only queue up behind itself. */
const RETRY_BACKLOG_BYTES_MAX = 1024 * 1024;
/** A turn that produces more than this writes at once. */
const FLUSH_BYTES = 64 * 1024;
const CRLF = 0x0a0d;
const SPACE = 0x20;

/**
 * Builds protocol lines in slabs of memory and hands them to the client once a loop turn. What is not of printable ASCII, and a space where
 * none may be, is refused by a TypeError, and nothing of its line is sent: whoever had chosen such a subject would write lines of his own.
 */
export class Outbox {
  readonly #connection: NatsConnection;
  readonly #backlogBytesMax: number;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #end = 0;
  /** Of the line that is being written: it counts when it is whole. */
  #at = 0;
  #scheduled: NodeJS.Immediate | undefined;
  /** Messages that were dropped because the connection was away or its socket's backlog over the bound. */
  dropped = 0;
  /** Messages that were handed over. */
  sent = 0;
  sentBytes = 0;

  /** @param backlogBytesMax what may wait in the socket: beyond it, what is at most once is dropped */
  constructor(connection: NatsConnection, backlogBytesMax: number) {
    this.#connection = connection;
    this.#backlogBytesMax = backlogBytesMax;
  }

  get isConnected(): boolean {
    return isConnected(this.#connection);
  }

  /** What the socket has not taken yet, against the bound. */
  get backlogBytes(): number {
    return unsentBytes(this.#connection);
  }
  get backlogBytesMax(): number {
    return this.#backlogBytesMax;
  }

  /** Whether sending something again makes sense: what went before has left this process. */
  get mayRetry(): boolean {
    return isConnected(this.#connection) && unsentBytes(this.#connection) <= RETRY_BACKLOG_BYTES_MAX;
  }

  /** At most once: dropped while it cannot be sent. */
  publish(subject: string, replyTo: string, data: Uint8Array): void {
    if (!isConnected(this.#connection) || unsentBytes(this.#connection) > this.#backlogBytesMax) {
      this.dropped++;
      return;
    }
    const length = String(data.length);
    const replyBytes = replyTo === '' ? 0 : replyTo.length + 1;
    this.#begin(4 + subject.length + replyBytes + 1 + length.length + 2 + data.length + 2);
    this.#bytes('PUB');
    this.#word(subject);
    if (replyTo !== '') this.#word(replyTo);
    this.#word(length);
    this.#crlf();
    this.#finish(data);
  }

  /**
   * For what its owner keeps until it is answered: never dropped for the backlog, which the owner bounds.
   * @param header one line, without its end; '' for none
   */
  publishWithHeader(subject: string, replyTo: string, header: string, data: Uint8Array): void {
    const headerBytes = 12 + (header === '' ? 0 : header.length + 2); // "NATS/1.0\r\n" and the empty line
    const headerLength = String(headerBytes);
    const length = String(headerBytes + data.length);
    const words = subject.length + 1 + replyTo.length + 1 + headerLength.length + 1 + length.length;
    this.#begin(5 + words + 2 + headerBytes + data.length + 2);
    this.#bytes('HPUB');
    this.#word(subject);
    this.#word(replyTo);
    this.#word(headerLength);
    this.#word(length);
    this.#crlf();
    this.#bytes('NATS/1.0');
    this.#crlf();
    if (header !== '') {
      this.#text(header, SPACE);
      this.#crlf();
    }
    this.#crlf();
    this.#finish(data);
  }

  /** A line without a message, in its place between the others. */
  command(verb: 'SUB' | 'UNSUB', words: readonly string[]): void {
    let bytes = verb.length + 2;
    for (const word of words) bytes += 1 + word.length;
    this.#begin(bytes);
    this.#bytes(verb);
    for (const word of words) this.#word(word);
    this.#crlf();
    this.#end = this.#at;
    this.#flushSoon();
  }

  /** As many bytes follow, in pieces: a line that is put together first is copied once more, and by a slower way. */
  #begin(bytes: number): void {
    if (this.#end + bytes > this.#slab.length) this.#nextSlab(bytes);
    this.#at = this.#end;
  }

  /** Our own. */
  #bytes(text: string): void {
    const slab = this.#slab;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) slab[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  /** Whatever it is. @throws TypeError when not all of it is from `first` to the end of printable ASCII */
  #text(text: string, first: number): void {
    const slab = this.#slab;
    let at = this.#at;
    // Negative as soon as one of them was below or above: a branch for all characters instead of one for each.
    let outside = 0;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      outside |= (char - first) | (LAST_CHAR - char);
      slab[at++] = char;
    }
    if (outside < 0) throw new TypeError(`not for a line of the protocol: ${JSON.stringify(text.slice(0, 100))}`);
    this.#at = at;
  }

  /** @throws TypeError */
  #word(text: string): void {
    if (text.length > WORD_CHARS_MAX) throw new TypeError(`a word of ${text.length} characters`);
    this.#slab[this.#at++] = SPACE;
    this.#text(text, FIRST_CHAR);
  }

  #crlf(): void {
    this.#slab.writeUInt16LE(CRLF, this.#at);
    this.#at += 2;
  }

  #finish(data: Uint8Array): void {
    const slab = this.#slab;
    slab.set(data, this.#at);
    this.#at += data.length;
    this.#crlf();
    this.sent++;
    this.sentBytes += this.#at - this.#end;
    this.#end = this.#at;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#end - this.#start >= FLUSH_BYTES) this.flush();
    else this.#scheduled ??= setImmediate(this.#onTurnEnd);
  }

  #nextSlab(bytes: number): void {
    this.flush();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    this.#start = 0;
    this.#end = 0;
  }

  readonly #onTurnEnd = (): void => {
    this.#scheduled = undefined;
    this.flush();
  };

  /** Hands over what has gathered. The handed part of a slab is never written to again. */
  flush(): void {
    if (this.#start === this.#end) return;
    const gathered = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    // While the connection is away nothing is handed over: the client would keep it without bound and drop it at the next dial.
    if (isConnected(this.#connection)) sendCommands(this.#connection, gathered);
  }

  close(): void {
    this.flush();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }
}
