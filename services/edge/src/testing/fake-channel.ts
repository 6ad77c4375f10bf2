import type { ByteChannel } from '../listen/byte-channel.ts';
import { NO_BINDINGS } from '../listen/channel-bindings.ts';

/** A connection that a test holds both ends of. Like a transport it delivers nothing from within a call, and only lends its bytes. */
export class FakeChannel implements ByteChannel {
  readonly framing: 'stream' | 'message';
  readonly secure = false;
  readonly canUpgrade = false;
  readonly bindings = NO_BINDINGS;
  readonly peerAddress = '127.0.0.1';
  readonly loopback = true;
  readonly bufferedBytes = 0;
  /** All that was sent, and '[closed <code>]' or '[destroyed]'. */
  readonly sent: string[] = [];
  /** Called from within send(). */
  onSend: () => void = () => undefined;
  paused = false;
  gone = false;
  readonly #canPause: boolean;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;

  constructor(framing: 'stream' | 'message', { canPause = framing === 'stream' } = {}) {
    this.framing = framing;
    this.#canPause = canPause;
  }

  get text(): string {
    return this.sent.join('');
  }

  /** What the client sends; waits while the channel is paused. */
  async write(text: string | Uint8Array): Promise<void> {
    while (this.paused && !this.gone) await nextTurn();
    if (this.gone) return;
    const lent = Buffer.from(text);
    this.onData(lent);
    lent.fill(0x21);
  }

  /** The client is gone. */
  async drop(): Promise<void> {
    if (this.gone) return;
    this.gone = true;
    await nextTurn();
    this.onClose();
  }

  send(bytes: Uint8Array): boolean {
    if (this.gone) return false;
    this.sent.push(Buffer.from(bytes).toString());
    this.onSend();
    return true;
  }

  pause(): boolean {
    this.paused = this.#canPause;
    return this.#canPause;
  }

  resume(): void {
    this.paused = false;
  }

  upgrade(): void {}

  close(code = 1000): void {
    if (this.gone) return;
    this.sent.push(`[closed ${code}]`);
    void this.drop();
  }

  destroy(): void {
    if (this.gone) return;
    this.sent.push('[destroyed]');
    void this.drop();
  }
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
