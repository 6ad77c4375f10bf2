/** PostgreSQL's number of the type bytea. */
const BYTEA_OID = 17;
const HEAD_BYTES = 20;

/**
 * bytea[] as PostgreSQL's array_recv reads it: dimensions, flags, element type, length, lower bound, then each element behind its length. As
 * text each byte would be two digits, written here and read there.
 */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let size = HEAD_BYTES;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  bytes.writeInt32BE(BYTEA_OID, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = HEAD_BYTES;
  for (const value of values) {
    bytes.writeInt32BE(value?.length ?? -1, at);
    at += 4;
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

/** Whether a parameter is one; an empty array may be of any type. */
export const isByteaArray = (value: unknown): value is readonly (Uint8Array | null)[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => item === null || item instanceof Uint8Array) &&
  value.some((item) => item !== null);
