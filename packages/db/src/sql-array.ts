/** PostgreSQL's numbers of the types (pg_type.oid). */
const OIDS = { text: 25, int4: 23, int8: 20, bytea: 17 } as const;
const HEAD_BYTES = 20;

export interface Elements {
  readonly text: string;
  readonly int4: number;
  readonly int8: number | bigint;
  readonly bytea: Uint8Array;
}
export type ElementType = keyof Elements;

/** An array parameter that says of what: where many rows are written, it travels as PostgreSQL keeps it and not as text. */
export class SqlArray {
  readonly type: ElementType;
  readonly values: readonly Elements[ElementType][];

  private constructor(type: ElementType, values: readonly Elements[ElementType][]) {
    this.type = type;
    this.values = values;
  }

  static of<T extends ElementType>(type: T, values: readonly Elements[T][]): SqlArray {
    return new SqlArray(type, values);
  }

  /** As array_recv of PostgreSQL reads it: dimensions, nulls, element type, length, lower bound, then each element behind its length. */
  encode(): Buffer {
    const { type, values } = this;
    let size = HEAD_BYTES;
    for (const value of values) size += 4 + sizeOf(type, value);
    const bytes = Buffer.allocUnsafe(size);
    bytes.writeInt32BE(values.length === 0 ? 0 : 1, 0);
    bytes.writeInt32BE(0, 4);
    bytes.writeInt32BE(OIDS[type], 8);
    if (values.length === 0) return bytes.subarray(0, HEAD_BYTES - 8);
    bytes.writeInt32BE(values.length, 12);
    bytes.writeInt32BE(1, 16);
    let at = HEAD_BYTES;
    for (const value of values) at = write(bytes, at, type, value);
    return bytes;
  }
}

function sizeOf(type: ElementType, value: Elements[ElementType]): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'object') return value.length;
  return type === 'int4' ? 4 : 8;
}

/** Returns where the next one begins. */
function write(bytes: Buffer, at: number, type: ElementType, value: Elements[ElementType]): number {
  const start = at + 4;
  let size = type === 'int4' ? 4 : 8;
  if (typeof value === 'string') size = bytes.write(value, start);
  else if (typeof value === 'object') {
    bytes.set(value, start);
    size = value.length;
  } else if (type === 'int4') bytes.writeInt32BE(Number(value), start);
  else bytes.writeBigInt64BE(BigInt(value), start);
  bytes.writeInt32BE(size, at);
  return start + size;
}
