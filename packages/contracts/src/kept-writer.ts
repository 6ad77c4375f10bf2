import protobuf from 'protobufjs/minimal.js';

/** Most messages fit into it. */
const KEPT_BYTES_MIN = 4_096;
/** More than this is not kept: one large message must not hold its memory for good. */
const KEPT_BYTES_MAX = 256 * 1_024;

let kept = protobuf.Writer.create();
kept.buf = Buffer.allocUnsafeSlow(KEPT_BYTES_MIN);

/**
 * The one writer of this thread, at its beginning: what is written is to be finished, which copies it, before another one begins.
 * A writer of its own for each message starts with 128 bytes and grows by copies of itself.
 */
export function keptWriter(): protobuf.Writer {
  if (kept.buf.length > KEPT_BYTES_MAX) {
    kept = protobuf.Writer.create();
    kept.buf = Buffer.allocUnsafeSlow(KEPT_BYTES_MIN);
  }
  kept.pos = 0;
  // Whoever threw in the middle of a message has left it there.
  kept.states = null;
  return kept;
}
