import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Place } from './orders.ts';
import { encodeFrame, FrameReader, OPCODE } from './web-socket-frames.ts';

const HOST = '127.0.0.1';
const READ_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 2_000;
const NS = {
  client: 'jabber:client',
  streams: 'http://etherx.jabber.org/streams',
  framing: 'urn:ietf:params:xml:ns:xmpp-framing',
} as const;
const UPGRADED = /^HTTP\/1\.1 101 [\s\S]*?\r\n\r\n/;
const UPGRADE_KEY_BYTES = 16;
/** All sockets read into it: what has come is used before the next one reads. */
const BUFFER = Buffer.allocUnsafe(256 * 1024);
const SHOWN_CHARS = 300;
/** Of an address of one's own, below those that the system gives to others: to look for a free one took it 7 ms where 10,000 were taken. */
const LOCAL_PORTS = { first: 10_000, count: 20_000 };
let portsTaken = 0;
const nextLocalPort = (): number => LOCAL_PORTS.first + (portsTaken++ % LOCAL_PORTS.count);

/** The connection of one session as text over plain TCP or a WebSocket (RFC 7395): it costs as little as Node lets it. */
export class LeanConnection {
  readonly #place: Place;
  readonly #socket: Socket;
  /** Of a WebSocket, once it is one. */
  #frames: FrameReader | undefined;
  #unread = '';
  #wake = () => {};
  #onText: ((text: string) => void) | undefined;
  #onLost: (reason: string) => void = () => undefined;
  /** Why nothing more comes. */
  #ended: string | undefined;

  private constructor(place: Place, turn: number) {
    this.#place = place;
    const { port, otherPorts = [], localAddress } = place;
    const callback = (length: number, bytes: Uint8Array) => {
      this.#read(bytes as Buffer, length);
      return true;
    };
    this.#socket = connect({
      host: HOST,
      port: [port, ...otherPorts][turn % (otherPorts.length + 1)] ?? port,
      noDelay: true,
      onread: { buffer: BUFFER, callback },
      ...(localAddress === undefined ? {} : { localAddress, localPort: nextLocalPort() }),
    });
    // Policy: whatever the reason, it is a connection that has ended.
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed by the server'));
  }

  /** Connected, a WebSocket upgraded; `turn` says to which of several edges. @throws Error */
  static async open(place: Place, turn = 0): Promise<LeanConnection> {
    const connection = new LeanConnection(place, turn);
    if (place.transport === 'ws') await connection.#upgrade();
    return connection;
  }

  /** The header of a stream. */
  openStream(): void {
    const { transport, domain } = this.#place;
    if (transport === 'ws') this.write(`<open xmlns='${NS.framing}' to='${domain}' version='1.0'/>`);
    else
      this.write(
        `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}' to='${domain}' version='1.0'>`,
      );
  }

  /** An element that declares its namespace. */
  write(element: string): void {
    if (this.#place.transport === 'ws') this.#socket.write(encodeFrame(element));
    else this.#socket.write(element, 'latin1');
  }

  /** What begins a stanza: in a WebSocket each has to say whose it is (RFC 7395 §3.3.3). */
  get stanzaNamespace(): string {
    return this.#place.transport === 'ws' ? ` xmlns='${NS.client}'` : '';
  }

  /** What has come up to where the pattern matches, which is gone then. @throws Error when that does not come */
  async read(pattern: RegExp): Promise<RegExpExecArray> {
    const timer = setTimeout(() => this.#end(`nothing for ${READ_TIMEOUT_MS} ms`), READ_TIMEOUT_MS);
    try {
      for (;;) {
        const found = pattern.exec(this.#unread);
        if (found !== null) {
          this.#unread = this.#unread.slice(found.index + found[0].length);
          return found;
        }
        if (this.#ended !== undefined)
          throw new Error(`${this.#ended}, while ${pattern} was waited for: ${this.#unread.slice(-SHOWN_CHARS)}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** From now on all that comes goes there, beginning with what is unread. */
  flow(onText: (text: string) => void, onLost: (reason: string) => void): void {
    this.#onText = onText;
    this.#onLost = onLost;
    const unread = this.#unread;
    this.#unread = '';
    if (unread !== '') onText(unread);
    if (this.#ended !== undefined) onLost(this.#ended);
  }

  /** Ends the stream, and waits for the server to do the same, but not long. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#onLost = () => undefined;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    if (this.#place.transport === 'ws') {
      this.write(`<close xmlns='${NS.framing}'/>`);
      this.#socket.write(encodeFrame('', OPCODE.close));
    } else this.#socket.write('</stream:stream>');
    this.#socket.end();
    await closed;
    clearTimeout(timer);
  }

  destroy(): void {
    this.#ended ??= 'left';
    this.#socket.destroy();
  }

  async #upgrade(): Promise<void> {
    const { path, domain, port } = this.#place;
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${domain}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(UPGRADE_KEY_BYTES).toString('base64')}`,
      'Sec-WebSocket-Protocol: xmpp',
    ];
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await this.read(UPGRADED);
    this.#frames = new FrameReader((opcode, text) => this.#take(opcode, text));
  }

  #read(bytes: Buffer, length: number): void {
    if (this.#frames === undefined) this.#text(bytes.toString('latin1', 0, length));
    else this.#frames.push(bytes.subarray(0, length));
  }

  #take(opcode: number, text: string): void {
    if (opcode <= OPCODE.text) this.#text(text);
    else if (opcode === OPCODE.ping) this.#socket.write(encodeFrame(text, OPCODE.pong));
    else if (opcode === OPCODE.close) this.#socket.end();
  }

  #text(text: string): void {
    if (this.#onText !== undefined) this.#onText(text);
    else {
      this.#unread += text;
      this.#wake();
    }
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#wake();
    this.#onLost(reason);
    this.#socket.destroy();
  }
}
