import type { NatsConnection } from 'nats';
import { isConnected, sendCommands, unsentBytes } from './nats-client.ts';

// One write per loop turn. The client gathers what is published within one microtask queue, but each socket's 'data' event has
// its own, so a busy edge would still write once per client that it reads from (bench.ts: 4 times the CPU).

const SLAB_BYTES = 256 * 1024;
/** With more than this in the socket, what is sent again would only queue up behind itself. */
const RETRY_BACKLOG_BYTES_MAX = 1024 * 1024;
/** A turn that produces more than this writes at once. */
const FLUSH_BYTES = 64 * 1024;
const CRLF = 0x0a0d;
const SPACE = 0x20;

/** Builds protocol lines in slabs of memory and hands them to the client once a loop turn. Strings must be ASCII. */
export class Outbox {
  readonly #connection: NatsConnection;
  readonly #backlogBytesMax: number;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #end = 0;
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
    this.#text('PUB ');
    this.#text(subject);
    if (replyTo !== '') this.#word(replyTo);
    this.#word(length);
    this.#finish(data);
  }

  /**
   * For what its owner keeps until it is answered: never dropped for the backlog, which the owner bounds.
   * @param header the block without its first line, each line ended by CRLF
   */
  publishWithHeader(subject: string, replyTo: string, header: string, data: Uint8Array): void {
    const headerBytes = header.length + 12; // "NATS/1.0\r\n" and the empty line
    const headerLength = String(headerBytes);
    const length = String(headerBytes + data.length);
    const words = subject.length + 1 + replyTo.length + 1 + headerLength.length + 1 + length.length;
    this.#begin(5 + words + 2 + headerBytes + data.length + 2);
    this.#text('HPUB ');
    this.#text(subject);
    this.#word(replyTo);
    this.#word(headerLength);
    this.#word(length);
    this.#text('\r\nNATS/1.0\r\n');
    this.#text(header);
    this.#finish(data);
  }

  /** A line without a message, with its CRLF: in its place between the others. */
  command(line: string): void {
    if (this.#end + line.length > this.#slab.length) this.#nextSlab(line.length);
    this.#end += this.#slab.write(line, this.#end, 'latin1');
    this.#flushSoon();
  }

  /** A message of as many bytes follows, in pieces: a line that is put together first is copied once more, and by a slower way. */
  #begin(bytes: number): void {
    this.sent++;
    this.sentBytes += bytes;
    if (this.#end + bytes > this.#slab.length) this.#nextSlab(bytes);
  }

  #text(text: string): void {
    const slab = this.#slab;
    let at = this.#end;
    for (let i = 0; i < text.length; i++) slab[at++] = text.charCodeAt(i);
    this.#end = at;
  }

  #word(text: string): void {
    this.#slab[this.#end++] = SPACE;
    this.#text(text);
  }

  /** What stands before the data ends with a line of its own. */
  #finish(data: Uint8Array): void {
    const slab = this.#slab;
    slab.writeUInt16LE(CRLF, this.#end);
    slab.set(data, this.#end + 2);
    const at = this.#end + 2 + data.length;
    slab.writeUInt16LE(CRLF, at);
    this.#end = at + 2;
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
