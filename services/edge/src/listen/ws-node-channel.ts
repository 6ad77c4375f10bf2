import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type ChannelOptions, ignore, QueuedChannel } from './queued-channel.ts';
import { CLOSE_CODES } from './websocket.ts';

const TEXT = { binary: false, compress: false } as const;

/** One WebSocket of the package `ws`. */
export class WsNodeChannel extends QueuedChannel {
  readonly framing = 'message';
  readonly secure = false;
  readonly canUpgrade = false;
  readonly #websocket: WebSocket;
  /** Below the WebSocket, to cork it. */
  readonly #socket: Socket;
  #alive = true;

  constructor(websocket: WebSocket, socket: Socket, options: ChannelOptions) {
    super(options);
    this.#websocket = websocket;
    this.#socket = socket;
    websocket.on('message', (data: Buffer, isBinary) => this.#received(data, isBinary));
    websocket.on('pong', () => {
      this.#alive = true;
    });
    // A message too large, a bad frame, a reset: ws closes by itself, 'close' follows.
    websocket.on('error', ignore);
    websocket.on('close', () => this.ended());
  }

  pause(): boolean {
    if (this.state === 'open') this.#websocket.pause();
    return true;
  }

  resume(): void {
    if (this.state === 'open') this.#websocket.resume();
  }

  /** RFC 7395 §3.9: there is no STARTTLS here. */
  upgrade(): void {}

  /** Called once per half idle timeout: closes when nothing came since the last time, else asks for a pong. */
  checkAlive(): void {
    // A socket that we do not read cannot show that it is alive.
    if (this.state !== 'open' || this.#websocket.isPaused) return;
    if (this.#alive) {
      this.#alive = false;
      this.#websocket.ping();
    } else this.destroy();
  }

  protected unsentBytes(): number {
    return this.#websocket.bufferedAmount;
  }

  protected canWrite(): boolean {
    return this.#websocket.readyState === this.#websocket.OPEN;
  }

  protected write(queued: readonly Uint8Array[]): void {
    this.#socket.cork();
    for (const message of queued) this.#websocket.send(message, TEXT, ignore);
    this.#socket.uncork();
  }

  protected end(code: number = CLOSE_CODES.normal): void {
    // Paused, the peer's answer to the close frame would never be read.
    this.#websocket.resume();
    this.#websocket.close(code);
  }

  protected cut(): void {
    this.#websocket.terminate();
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#alive = true;
    if (this.state !== 'open') return;
    if (isBinary) this.close(CLOSE_CODES.unsupportedData);
    else this.onData(data);
  }
}
