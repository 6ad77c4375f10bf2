import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { BareJid, Jid } from '@starling/jid';
import fc from 'fast-check';
import { entryId } from './entry-id.ts';
import { COPY, decodeEnvelope, type Envelope, EnvelopeError, encodeEnvelope, FATE, KIND } from './envelope.ts';
import { GOLDEN, GOLDEN_FOLDER } from './golden.ts';
import { SESSION_STATE } from './notices.ts';
import { comparePositions, packPosition, unpackPosition } from './position.ts';
import { decodeOutcome, encodeOutcome } from './rpc.ts';
import { decodeSessionRecord, encodeSessionRecord, RECORD_STATE, type SessionRecord } from './session-record.ts';

const message: Envelope = {
  id: 'x',
  owner: 'bob@example.com' as BareJid,
  from: 'alice@example.com/phone' as Jid,
  to: 'bob@example.com' as Jid,
  kind: KIND.message,
  type: 'chat',
  fate: FATE.archived,
  copy: COPY.received,
  hints: 0,
  origin: 'edge-1/s',
  sentAtMs: 1_800_000_000_000,
  after: 0,
  stanza: Buffer.from('<message/>'),
};

test('an envelope comes back as it went', () => {
  const decoded = decodeEnvelope(encodeEnvelope(message));
  for (const [field, value] of Object.entries(message)) {
    const got = decoded[field as keyof Envelope];
    if (field === 'stanza') assert.deepEqual(Buffer.from(got as Uint8Array), value);
    else assert.equal(got, value, field);
  }
});

test('fields that a later release adds are skipped', () => {
  const unknownField = Buffer.from([0xfa, 0x07, 0x02, 0x68, 0x69]); // field 127, two bytes
  const decoded = decodeEnvelope(Buffer.concat([encodeEnvelope(message), unknownField]));
  assert.equal(decoded.origin, message.origin);
});

test('property: bytes that are no envelope throw EnvelopeError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeEnvelope(bytes);
      } catch (error) {
        assert.ok(error instanceof EnvelopeError);
      }
    }),
  );
});

test('golden bytes of every release decode for ever', () => {
  const kept = readdirSync(GOLDEN_FOLDER, { withFileTypes: true }).filter((d) => d.isDirectory());
  assert.ok(kept.length > 0);
  for (const { name: release } of kept) {
    for (const [name, { decode, value }] of Object.entries(GOLDEN[release] ?? {})) {
      const path = new URL(`${release}/${name}.bin`, GOLDEN_FOLDER);
      assert.deepEqual(plain(decode(readFileSync(path))), plain(value), `${release}/${name}`);
    }
  }
});

test('what is written comes back, every field of it', () => {
  for (const [release, samples] of Object.entries(GOLDEN)) {
    for (const [name, { encode, decode, value }] of Object.entries(samples))
      assert.deepEqual(plain(decode(encode())), plain(value), `${release}/${name}`);
  }
});

/** Generated classes and plain objects alike; bytes as text. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, v) => (v?.type === 'Buffer' ? Buffer.from(v.data).toString('latin1') : v)),
  );
}

test('an entry’s id tells apart what JetStream must not mistake for a retry', () => {
  const base = { sender: 'a@x' as BareJid, owner: 'b@x' as BareJid, key: 'o:1', payload: Buffer.from('<body/>') };
  const others = [
    { ...base, sender: 'c@x' as BareJid }, // the same origin-id of two senders
    { ...base, owner: 'a@x' as BareJid }, // the sender's own copy
    { ...base, key: 'o:2' },
    { ...base, payload: Buffer.from('<body>x</body>') },
    { ...base, key: 'o:1<body', payload: Buffer.from('/>') }, // no shifting between the parts
  ];
  assert.equal(new Set([base, ...others].map(entryId)).size, others.length + 1);
  assert.equal(entryId(base), entryId({ ...base, payload: Buffer.from('<body/>') }));
});

test('property: positions keep their order in 64 bits', () => {
  const position = fc.record(
    { epoch: fc.nat(2 ** 15 - 1), sequence: fc.maxSafeNat().map((n) => n % 2 ** 48) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(position, position, (a, b) => {
      assert.deepEqual(unpackPosition(packPosition(a)), a);
      const [x, y] = [packPosition(a), packPosition(b)];
      assert.equal(Math.sign(comparePositions(a, b)), x < y ? -1 : x > y ? 1 : 0);
      assert.ok(x <= 2n ** 63n - 1n);
    }),
  );
  assert.throws(() => packPosition({ epoch: 2 ** 15, sequence: 0 }), RangeError);
  assert.throws(() => packPosition({ epoch: 0, sequence: 2 ** 48 }), RangeError);
});

test('an outcome is a reply or an error', () => {
  assert.deepEqual(decodeOutcome(encodeOutcome({ condition: 'conflict', text: 'taken' })), {
    condition: 'conflict',
    text: 'taken',
  });
  const ok = decodeOutcome(encodeOutcome({ ok: Buffer.from('x') }));
  assert.ok('ok' in ok && Buffer.from(ok.ok).toString() === 'x');
  const empty = decodeOutcome(encodeOutcome({ ok: new Uint8Array(0) }));
  assert.ok('ok' in empty && empty.ok.length === 0);
});

test('a record of a session that has hardly begun comes back whole', () => {
  const record: SessionRecord = {
    ...{ user: 'bob@example.com', resource: 'r', session: 's', origin: '', lang: '', edge: 'e', incarnation: 'i' },
    ...{ epoch: 0, recordState: RECORD_STATE.live, writtenAt: 0, detachedAt: 0, windowMs: 0, handled: 0, base: 0 },
    ...{ acked: 0, queue: [], position: undefined, boundAt: 0, state: SESSION_STATE.connected, priority: 0, stamp: 0 },
    ...{ presence: Buffer.alloc(0), directed: [], kept: {}, openRequests: [], covering: undefined, whole: false },
  };
  const decoded = decodeSessionRecord(encodeSessionRecord(record));
  assert.deepEqual({ ...decoded, presence: Buffer.from(decoded.presence) }, record);
});
