import type { BoundCounter } from '@starling/runtime';
import { type ScanHandler, type ScanLimits, Scanner } from '@starling/xml';
import type { ByteChannel } from '../listen/byte-channel.ts';
import type { PauseGuard } from './pause-guard.ts';

export interface InputBounds {
  readonly scanLimits: ScanLimits;
  /** What may be kept of a connection that is stalled. */
  readonly backlogBytesMax: number;
  readonly pauses: Pick<PauseGuard, 'behind'>;
  /** Counts what was read. */
  readonly bytesIn: BoundCounter;
}

/** For whom a connection is read. */
export interface Reader extends ScanHandler {
  /** The scanner refused something (XmlError), or a handler threw. */
  onFailure(error: unknown): void;
  /** More came than may be kept. */
  onOverflow(): void;
}

/** Reads a connection: in whatever pieces the bytes come, in order, and nothing while somebody has to be waited for. */
export class Input {
  readonly #reader: Reader;
  readonly #backlogBytesMax: number;
  readonly #pauses: Pick<PauseGuard, 'behind'>;
  readonly #channel: ByteChannel;
  readonly #scanner: Scanner;
  readonly #bytesIn: BoundCounter;
  #closed = false;
  /** Inside the scanner's write: only then it can be told to pause. */
  #reading = false;
  /** What follows in the chunk that is being read is thrown away. */
  #dropRest = false;
  /** Reading is stopped as often as this; what comes meanwhile is kept. */
  #stalls = 0;
  /** The channel was told to pause, and not yet to go on. */
  #paused = false;
  /** Undefined while there is none, as nearly always. */
  #backlog: Uint8Array[] | undefined;
  #backlogBytes = 0;
  #heardAt = performance.now();

  constructor(channel: ByteChannel, bounds: InputBounds, reader: Reader) {
    const { scanLimits, backlogBytesMax, pauses, bytesIn } = bounds;
    this.#reader = reader;
    this.#backlogBytesMax = backlogBytesMax;
    this.#pauses = pauses;
    this.#bytesIn = bytesIn;
    this.#channel = channel;
    this.#scanner = new Scanner(channel.framing, scanLimits, reader);
    this.#channel.onData = (chunk) => this.#onData(chunk);
  }

  /** When something last came, if only a space (RFC 6120 §4.6.1); who is not read cannot be heard, and is no more silent for it. */
  get heardAt(): number {
    return this.#stalls > 0 ? performance.now() : this.#heardAt;
  }

  /** Stops reading until unstall() was called as often. */
  stall(): void {
    if (this.#stalls++ > 0 || this.#closed) return;
    if (this.#reading) this.#scanner.pause();
    this.#paused = true;
    this.#channel.pause();
  }

  unstall(): void {
    this.#heardAt = performance.now();
    // From within a read it is the reader who goes on.
    if (--this.#stalls === 0 && !this.#reading) this.#goOn();
  }

  /** The next byte begins a new stream. */
  restart(): void {
    this.#scanner.restart();
  }

  /** Forgets what has come and has not been read, up to now. */
  discard(): void {
    this.#backlog = undefined;
    this.#backlogBytes = 0;
    if (!this.#reading) return;
    this.#dropRest = true;
    this.#scanner.pause();
  }

  /** Reads no more. */
  close(): void {
    this.#closed = true;
    this.discard();
  }

  #onData(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#heardAt = performance.now();
    this.#bytesIn.inc(chunk.length);
    const behind = this.#stalls === 0 ? this.#pauses.behind(this.#heardAt) : undefined;
    if (behind !== undefined) {
      this.stall();
      void behind.then(() => this.unstall());
    }
    if (this.#stalls > 0) {
      // A copy: what a transport hands over is its own again afterwards.
      this.#keep(new Uint8Array(chunk));
      return;
    }
    this.#read(chunk, false);
    if (this.#paused && this.#stalls === 0) this.#goOn();
  }

  #keep(chunk: Uint8Array): void {
    this.#backlog ??= [];
    this.#backlog.push(chunk);
    this.#backlogBytes += chunk.length;
    if (this.#backlogBytes > this.#backlogBytesMax) this.#reader.onOverflow();
  }

  /** Reads a chunk, `owned` or only lent; what a stall leaves unread is kept in front of the rest. */
  #read(chunk: Uint8Array, owned: boolean): void {
    this.#reading = true;
    try {
      const end = this.#scanner.write(chunk);
      if (end < chunk.length && !this.#dropRest) {
        const rest = chunk.subarray(end);
        this.#backlog ??= [];
        this.#backlog.unshift(owned ? rest : new Uint8Array(rest));
        this.#backlogBytes += rest.length;
      }
    } catch (error) {
      // Policy: whatever it is, this stream pays for it, no other.
      this.#reader.onFailure(error);
    } finally {
      this.#reading = false;
      this.#dropRest = false;
    }
  }

  /** Nobody stalls any more: what was kept is read, then the channel. */
  #goOn(): void {
    while (this.#stalls === 0 && !this.#closed) {
      const chunk = this.#backlog?.shift();
      if (chunk === undefined) {
        this.#backlog = undefined;
        this.#paused = false;
        this.#channel.resume();
        return;
      }
      this.#backlogBytes -= chunk.length;
      this.#read(chunk, true);
    }
  }
}
