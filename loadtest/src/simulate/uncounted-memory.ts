import { Buffer } from 'node:buffer';

/** As long as one piece of it is in use, all of it is. */
const SLAB_BYTES = 64 * 1_024;
/** What is larger has memory of its own. */
const SHARED_BYTES_MAX = SLAB_BYTES / 4;
const ALIGNED_TO = 8;

/**
 * From here on, buffers are pieces of shared memory, which V8 does not count. It marks the whole heap whenever 64 MB of other buffers were
 * made, and that limit cannot be set: of a million sessions with their messages in one heap, most of the CPU would go there.
 * To be called before anything is loaded that keeps `Buffer.allocUnsafe`.
 */
export function installUncountedMemory(): void {
  let slab = new SharedArrayBuffer(SLAB_BYTES);
  let at = 0;
  const take = (bytes: number): Buffer<ArrayBuffer> => {
    if (bytes > SHARED_BYTES_MAX) return typed(Buffer.from(new SharedArrayBuffer(bytes)));
    if (at + bytes > SLAB_BYTES) {
      slab = new SharedArrayBuffer(SLAB_BYTES);
      at = 0;
    }
    const piece = Buffer.from(slab, at, bytes);
    at = Math.ceil((at + bytes) / ALIGNED_TO) * ALIGNED_TO;
    return typed(piece);
  };
  Buffer.allocUnsafe = take;
  Buffer.allocUnsafeSlow = take;
}

/** Nobody asks what is below a buffer. */
const typed = (buffer: Buffer<ArrayBufferLike>): Buffer<ArrayBuffer> => buffer as Buffer<ArrayBuffer>;
