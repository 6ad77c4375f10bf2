import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceFlags } from '@opentelemetry/api';
import { readTraceparent, TRACEPARENT_BYTES, writeTraceparent } from './traceparent.ts';

// W3C Trace Context §3.2.3
const EXAMPLE = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
};

test('a place in a trace comes back as it went', () => {
  const bytes = writeTraceparent(EXAMPLE);
  assert.equal(Buffer.from(bytes).toString('hex'), '004bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b701');
  assert.deepEqual(readTraceparent(bytes), { ...EXAMPLE, isRemote: true });
});

test('what is none is none', () => {
  const whole = writeTraceparent(EXAMPLE);
  const with0 = (start: number, end: number) => Buffer.from(whole).fill(0, start, end);
  const bad = [new Uint8Array(0), whole.subarray(1), Buffer.concat([whole, whole]), Buffer.from(whole).fill(1, 0, 1)];
  for (const bytes of [...bad, with0(1, 17), with0(17, 25), new Uint8Array(TRACEPARENT_BYTES)])
    assert.equal(readTraceparent(bytes), undefined);
});
