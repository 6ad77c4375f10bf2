import { appended, EMPTY } from '@starling/runtime';
import type { ByteChannel } from './byte-channel.ts';
import { type ChannelBindings, NO_BINDINGS } from './channel-bindings.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { isLoopback } from './peer.ts';
import type { Turn } from './turn.ts';

/** How long a closing connection has to take what is left, and to close its side too. */
export const CLOSE_TIMEOUT_MS = 5_000;

export interface ChannelOptions {
  /** Plain address of the peer; its place in `limits` is given back at the end. */
  readonly address: string;
  readonly sendBufferBytesMax: number;
  readonly limits: ConnectionLimits;
  readonly turn: Turn;
}

/** What all transports share: sends of one turn go out together, what waits to be sent is bounded, and there is one end. */
export abstract class QueuedChannel implements ByteChannel {
  abstract readonly framing: 'stream' | 'message';
  abstract readonly secure: boolean;
  abstract readonly canUpgrade: boolean;
  readonly peerAddress: string;
  readonly loopback: boolean;
  onData: (chunk: Uint8Array) => void = ignore;
  onClose: () => void = ignore;

  /** Closing: nothing more is taken from either side. Closed: the transport is gone, or about to be. */
  protected state: 'open' | 'closing' | 'closed' = 'open';
  readonly #options: ChannelOptions;
  /** Sent in this turn, not yet written. */
  #queued: Uint8Array[] = EMPTY;
  #queuedBytes = 0;
  #flushPlanned = false;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.peerAddress = options.address;
    this.loopback = isLoopback(options.address);
  }

  abstract pause(): boolean;
  abstract resume(): void;
  abstract upgrade(): void;
  /** Bytes that the transport has been given and the operating system has not taken. */
  protected abstract unsentBytes(): number;
  /** Whether write() may be called now. */
  protected abstract canWrite(): boolean;
  /** Gives everything to the transport; never empty. */
  protected abstract write(queued: readonly Uint8Array[], queuedBytes: number): void;
  /** Everything is written: closes the connection in good order. */
  protected abstract end(code: number | undefined): void;
  /** Closes the connection at once. */
  protected abstract cut(): void;

  get bindings(): ChannelBindings {
    return NO_BINDINGS;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.unsentBytes();
  }

  send(bytes: Uint8Array): boolean {
    if (this.state !== 'open') return false;
    this.#queued = appended(this.#queued, bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#flushPlanned) {
      this.#flushPlanned = true;
      this.#options.turn.add(this);
    }
    const { sendBufferBytesMax } = this.#options;
    if (this.bufferedBytes <= sendBufferBytesMax) return true;
    // A large burst is not yet a slow peer: see what the kernel takes.
    this.writeQueued();
    // The transport may have dropped it, and the connection with it.
    if (this.state !== 'open') return false;
    if (this.bufferedBytes <= sendBufferBytesMax) return true;
    this.overflow();
    return false;
  }

  /** Called by the turn. */
  flush(): void {
    this.#flushPlanned = false;
    this.writeQueued();
  }

  close(code?: number): void {
    if (this.state !== 'open') return;
    if (!this.canWrite()) {
      this.destroy();
      return;
    }
    this.writeQueued();
    // What was queued may have been too much.
    if (this.state !== 'open') return;
    this.state = 'closing';
    this.#closeTimer = setTimeout(() => this.destroy(), CLOSE_TIMEOUT_MS);
    this.end(code);
  }

  destroy(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.takeQueued();
    this.cut();
  }

  protected writeQueued(): void {
    if (this.#queued.length === 0 || !this.canWrite()) return;
    const bytes = this.#queuedBytes;
    this.write(this.takeQueued(), bytes);
  }

  protected takeQueued(): readonly Uint8Array[] {
    const queued = this.#queued;
    this.#queued = EMPTY;
    this.#queuedBytes = 0;
    return queued;
  }

  /** The peer does not read: its session, if it has one, can resume. */
  protected overflow(): void {
    this.#options.limits.hit('send_buffer');
    this.destroy();
  }

  /** The transport says, once, that the connection is gone; never from within a call to this channel. */
  protected ended(): void {
    this.state = 'closed';
    this.takeQueued();
    clearTimeout(this.#closeTimer);
    this.#options.limits.leave(this.peerAddress);
    this.onClose();
  }
}

export function ignore(): void {}
