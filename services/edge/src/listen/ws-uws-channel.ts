import type { WebSocket } from 'uWebSockets.js';
import { type ChannelOptions, QueuedChannel } from './queued-channel.ts';
import { CLOSE_CODES } from './websocket.ts';

/** What uWebSockets.js keeps with a socket. */
export interface UwsUserData {
  readonly address: string;
  channel?: WsUwsChannel;
}

/**
 * What send() of uWebSockets.js returns. Outside of cork(), in which the library itself is while it calls for a message, everything else than
 * SENT leaves bytes behind, or none of the message.
 */
const SENT = 1;
const DROPPED = 2;

/** One WebSocket of uWebSockets.js. */
export class WsUwsChannel extends QueuedChannel {
  readonly framing = 'message';
  readonly secure = false;
  readonly canUpgrade = false;
  /** Undefined once the close event has come: every call would throw. */
  #socket: WebSocket<UwsUserData> | undefined;
  /** Something sent may not have been taken yet: only then the library is asked how much. */
  #isBehind = false;
  /** close() waits until the peer has taken what was sent. */
  #closeCode: number | undefined;

  constructor(socket: WebSocket<UwsUserData>, options: ChannelOptions) {
    super(options);
    this.#socket = socket;
  }

  pause(): boolean {
    return false;
  }

  resume(): void {}

  /** RFC 7395 §3.9: there is no STARTTLS here. */
  upgrade(): void {}

  /** The bytes are void when this returns. */
  received(message: ArrayBuffer, isBinary: boolean): void {
    if (this.state !== 'open') return;
    if (isBinary) this.close(CLOSE_CODES.unsupportedData);
    else this.onData(Buffer.from(message));
  }

  drained(): void {
    if (this.#closeCode !== undefined) this.end(this.#closeCode);
  }

  /** The close event. It comes from within end() and close() of the socket; the stream hears of it when that call is over. */
  gone(): void {
    this.#socket = undefined;
    this.state = 'closed';
    process.nextTick(() => this.ended());
  }

  protected unsentBytes(): number {
    if (!this.#isBehind) return 0;
    const bytes = this.#socket?.getBufferedAmount() ?? 0;
    this.#isBehind = bytes > 0;
    return bytes;
  }

  protected canWrite(): boolean {
    return this.#socket !== undefined && this.#closeCode === undefined;
  }

  protected write(queued: readonly Uint8Array[]): void {
    if (queued.length === 1) this.#writeOne(queued[0] as Uint8Array);
    else this.#writeTogether(queued);
  }

  /** Most turns have one message for a client: there is nothing to put together. */
  #writeOne(message: Uint8Array): void {
    const outcome = this.#socket?.send(message, false, false);
    if (outcome === SENT) return;
    this.#isBehind = true;
    if (outcome === DROPPED) this.overflow();
  }

  #writeTogether(queued: readonly Uint8Array[]): void {
    const socket = this.#socket;
    let dropped = false;
    socket?.cork(() => {
      for (const message of queued) dropped ||= socket.send(message, false, false) === DROPPED;
    });
    // What the kernel takes of it shows when cork() returns, and in no outcome.
    this.#isBehind = true;
    if (dropped) this.overflow();
  }

  protected end(code: number = CLOSE_CODES.normal): void {
    // What is still buffered when end() is called can be lost with the close frame: the library is asked, whatever send() has said.
    this.#isBehind = true;
    if (this.unsentBytes() > 0) this.#closeCode = code;
    else this.#socket?.end(code);
  }

  protected cut(): void {
    this.#socket?.close();
  }
}
