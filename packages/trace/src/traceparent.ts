import type { SpanContext } from '@opentelemetry/api';

// W3C Trace Context §3.2.2, its four fields as bytes: version, trace-id, parent-id, trace-flags.
const VERSION = 0;
const TRACE_ID = { start: 1, end: 17 } as const;
const PARENT_ID = { start: 17, end: 25 } as const;
const FLAGS_AT = 25;
export const TRACEPARENT_BYTES = 26;

/** A place in a trace as an envelope carries it. */
export function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): Uint8Array {
  const bytes = Buffer.alloc(TRACEPARENT_BYTES);
  bytes[0] = VERSION;
  bytes.write(traceId, TRACE_ID.start, 'hex');
  bytes.write(spanId, PARENT_ID.start, 'hex');
  bytes[FLAGS_AT] = traceFlags;
  return bytes;
}

/** The inverse; undefined when it is none: of another length or version, or one of its ids is zero (§3.2.2.3, §3.2.2.4). */
export function readTraceparent(bytes: Uint8Array): SpanContext | undefined {
  if (bytes.length !== TRACEPARENT_BYTES || bytes[0] !== VERSION) return undefined;
  const hex = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString('hex');
  const traceId = hex(TRACE_ID.start, TRACE_ID.end);
  const spanId = hex(PARENT_ID.start, PARENT_ID.end);
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: bytes[FLAGS_AT] ?? 0, isRemote: true };
}
