// RFC 6455 §5, the client's side, as far as a stream of XMPP needs it. Text is latin1: the load is ASCII.

export const OPCODE = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const HEADER_BYTES = 2;
const KEY_BYTES = 4;

/** Numerical Recipes' generator: enough for keys that have to differ, and no call of the kernel for each. */
const KEY_FACTOR = 1_664_525;
const KEY_STEP = 1_013_904_223;
let lastKey = 1;

/** A frame from client to server, masked as §5.3 has it. */
export function encodeFrame(text: string, opcode: number = OPCODE.text): Buffer {
  const { length } = text;
  const lengthBytes = length < LENGTH_16 ? 0 : length < 1 << 16 ? 2 : 8;
  const start = HEADER_BYTES + lengthBytes + KEY_BYTES;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL | opcode;
  if (lengthBytes === 0) frame[1] = MASKED | length;
  else if (lengthBytes === 2) {
    frame[1] = MASKED | LENGTH_16;
    frame.writeUInt16BE(length, HEADER_BYTES);
  } else {
    frame[1] = MASKED | LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), HEADER_BYTES);
  }
  lastKey = (Math.imul(lastKey, KEY_FACTOR) + KEY_STEP) | 0;
  frame.writeInt32BE(lastKey, start - KEY_BYTES);
  frame.write(text, start, 'latin1');
  for (let at = 0; at < length; at++)
    frame[start + at] = (frame[start + at] ?? 0) ^ ((lastKey >> (24 - 8 * (at & 3))) & 0xff);
  return frame;
}

/** Cuts what comes from a server into the contents of frames, whatever the pieces are. */
export class FrameReader {
  readonly #onFrame: (opcode: number, text: string) => void;
  #rest: Buffer | undefined;

  constructor(onFrame: (opcode: number, text: string) => void) {
    this.#onFrame = onFrame;
  }

  /** The bytes may be used again when it returns. */
  push(bytes: Buffer): void {
    const all = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    let from = 0;
    while (all.length - from >= HEADER_BYTES) {
      const short = (all[from + 1] ?? 0) & ~MASKED;
      const lengthBytes = short < LENGTH_16 ? 0 : short === LENGTH_16 ? 2 : 8;
      const start = from + HEADER_BYTES + lengthBytes;
      if (all.length < start) break;
      const length =
        lengthBytes === 0
          ? short
          : lengthBytes === 2
            ? all.readUInt16BE(from + HEADER_BYTES)
            : Number(all.readBigUInt64BE(from + HEADER_BYTES));
      if (all.length < start + length) break;
      this.#onFrame((all[from] ?? 0) & 0x0f, all.toString('latin1', start, start + length));
      from = start + length;
    }
    this.#rest = from < all.length ? Buffer.from(all.subarray(from)) : undefined;
  }
}
