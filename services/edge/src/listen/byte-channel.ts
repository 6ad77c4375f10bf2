import type { ChannelBindings } from './channel-bindings.ts';

/**
 * One client's connection, whatever carries it. The only thing of a transport that the rest of the edge knows.
 * All calls are synchronous and none of them throws when the connection is already gone; onData and onClose are never called from within one.
 */
export interface ByteChannel {
  /** How stanzas are framed: a TCP byte stream (RFC 6120), or one WebSocket message each (RFC 7395). */
  readonly framing: 'stream' | 'message';
  /** Whether everything on the connection is encrypted now. */
  readonly secure: boolean;
  /** What a login can be bound to; none without TLS of our own. */
  readonly bindings: ChannelBindings;
  /** Address of the peer, for limits and logs. */
  readonly peerAddress: string;
  /** Whether the peer is on this machine (127.0.0.0/8, ::1). */
  readonly loopback: boolean;
  /** Bytes accepted by send() that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * Queues bytes for the peer: with framing 'message' each call is one WebSocket text message. What is sent within one turn of the loop goes out
   * together (cork); the bytes must not be changed any more. False: not sent, as the channel is closing or closed, or the buffer is above its bound
   * and the channel closes itself without an end tag, so that the session can resume.
   */
  send(bytes: Uint8Array): boolean;
  /** Stops reading (TCP). Over WebSocket it returns false: the caller bounds its queue and closes. */
  pause(): boolean;
  resume(): void;
  /** Whether upgrade() is possible: plain TCP with a certificate at hand. */
  readonly canUpgrade: boolean;
  /**
   * STARTTLS: what was sent so far goes out in clear, all that follows is TLS. To be called in the turn that sent <proceed/>. Unread clear-text input is thrown
   * away (RFC 6120 §5.4.3.3); what stands behind <starttls/> in the same chunk is the caller's to throw away.
   */
  upgrade(): void;
  /** Sends what is queued, then closes; what the peer still sends is dropped. `code` is a WebSocket close code (default 1000). Bounded by a timer. */
  close(code?: number): void;
  /** Closes at once, without sending what is queued. */
  destroy(): void;
  /** Set by the stream before the first event. The bytes are only lent: of a WebSocket they are void when the call returns, so copy what stays. */
  onData: (chunk: Uint8Array) => void;
  /** Exactly once, however the connection ended. No onData after it. */
  onClose: () => void;
}

/** Somebody listens: a port, and what to call with each new connection. */
export interface Listener {
  readonly port: number;
  /** Accept no more; connections that are open stay. */
  stop(): Promise<void>;
}
export type OnConnection = (channel: ByteChannel) => void;
