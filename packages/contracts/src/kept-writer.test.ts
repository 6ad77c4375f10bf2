import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope.ts';
import { keptWriter } from './kept-writer.ts';

const envelope = (stanza: Uint8Array) => ({ version: 1, id: 'x', stanza }) as unknown as Envelope;
const stanzaOf = (bytes: Uint8Array) => Buffer.from(decodeEnvelope(bytes).stanza).toString('latin1');

test('what was written stays as it was when the next one is written', () => {
  const first = encodeEnvelope(envelope(Buffer.from('one')));
  const second = encodeEnvelope(envelope(Buffer.from('another')));
  assert.deepEqual([first, second].map(stanzaOf), ['one', 'another']);
});

test('what broke off in the middle of a message is not in the next one', () => {
  keptWriter().uint32(10).string('left behind').uint32(18).fork().uint32(8).uint32(7);
  assert.equal(stanzaOf(encodeEnvelope(envelope(Buffer.from('whole')))), 'whole');
});

test('a large message is written whole, and its memory is not kept', () => {
  const large = 'x'.repeat(1_000_000);
  assert.equal(stanzaOf(encodeEnvelope(envelope(Buffer.from(large)))), large);
  assert.ok(keptWriter().buf.length < 10_000, String(keptWriter().buf.length));
});
