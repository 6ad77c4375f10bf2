import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commitOf, deliveredAt, headerOf, numberAtEnd, payloadOf, pubAckOf, statusOf } from './nats-wire.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const raw = (header: string, payload = '') => ({
  subject: bytes('u.1.alice'),
  reply: undefined,
  headers: header === '' ? -1 : header.length,
  bytes: bytes(header + payload),
});

describe('the headers of a re-published entry', () => {
  // As nats-server 2.9.10 and 2.15.2 write them.
  const ofAppend = 'NATS/1.0\r\nNats-Msg-Id: m1\r\n';
  const ofStream = 'Nats-Stream: M7\r\nNats-Subject: m.1.alice\r\nNats-Sequence: 123456789012\r\n';

  it('are read with and without those of the append, with and without a time', () => {
    const expected = { stream: 7, sequence: 123456789012, previous: 42 };
    const time = 'Nats-Time-Stamp: 2026-01-01T00:00:00.000000001Z\r\n';
    assert.deepEqual(commitOf(raw(`${ofAppend}${ofStream}Nats-Last-Sequence: 42\r\n\r\n`, 'x')), expected);
    assert.deepEqual(commitOf(raw(`NATS/1.0\r\n${ofStream}${time}Nats-Last-Sequence: 42\r\n\r\n`)), expected);
  });

  it('are missing on what is no entry', () => {
    assert.equal(commitOf(raw('', 'Nats-Stream: M7\r\n')), undefined);
    assert.equal(commitOf(raw(`${ofAppend}\r\n`, ofStream)), undefined);
    assert.equal(commitOf(raw('NATS/1.0\r\nNats-Stream: M7\r\n\r\n')), undefined);
    assert.equal(commitOf(raw('NATS/1.0\r\nNats-Stream: KV_x\r\nNats-Sequence: 1\r\n\r\n')), undefined);
  });

  it('do not count as payload', () => {
    assert.equal(payloadOf(raw(`${ofAppend}\r\n`, 'hark')).toString(), 'hark');
    assert.equal(payloadOf(raw('', 'hark')).toString(), 'hark');
    assert.equal(payloadOf(raw(`${ofAppend}\r\n`)).length, 0);
    assert.equal(headerOf(`${ofAppend}\r\n`, 'Nats-Msg-Id'), 'm1');
    assert.equal(headerOf(`${ofAppend}\r\n`, 'Nats-Stream'), '');
  });
});

it('a status is told from ordinary headers', () => {
  assert.equal(statusOf(raw('NATS/1.0 503\r\n\r\n')), 503);
  assert.equal(statusOf(raw('NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\n\r\n')), 408);
  assert.equal(statusOf(raw('NATS/1.0\r\nNats-Msg-Id: 503\r\n\r\n')), 0);
  assert.equal(statusOf(raw('', 'NATS/1.0 503\r\n\r\n')), 0);
});

it('the number at the end of a subject', () => {
  fc.assert(fc.property(fc.nat(), (n) => numberAtEnd(bytes(`_INBOX_edge.abc.${n}`)) === n));
  for (const subject of ['', 'a', 'a.', 'a.1x', '1']) assert.equal(numberAtEnd(bytes(subject)), -1, subject);
});

describe('the answer to an append', () => {
  it('is an acknowledgement', () => {
    const stored = { sequence: 123456789012, duplicate: false };
    for (const text of [
      '{"stream":"M0", "seq":123456789012}',
      '{"stream":"M0","seq":123456789012}',
      '{"stream":"M0","domain":"hub","seq":123456789012}',
      '{"stream":"M0","seq":123456789012,"domain":"hub"}',
      '{"stream":"M0","seq":123456789012,"batch":"x","count":3}',
    ]) {
      assert.deepEqual(pubAckOf(bytes(text)), stored, text);
    }
    for (const text of [
      '{"stream":"M0", "seq":9,"duplicate": true}',
      '{"stream":"M0","domain":"hub","seq":9,"duplicate":true}',
    ]) {
      assert.deepEqual(pubAckOf(bytes(text)), { sequence: 9, duplicate: true }, text);
    }
  });

  it('is an error', () => {
    const text = '{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"M1","seq":0}';
    assert.deepEqual(pubAckOf(bytes(text)), { code: 503, errorCode: 10077, description: 'maximum bytes exceeded' });
  });

  it('is neither: then it says nothing', () => {
    for (const text of ['', '{}', 'no JSON', '{"stream":"M0","seq":0}', '{"seq":"9"}', '{"unseq":9}', '9}']) {
      assert.equal(pubAckOf(bytes(text)), undefined, text);
    }
  });

  it('is read as JSON.parse reads it', () => {
    const ack = fc.record(
      { stream: fc.string(), seq: fc.nat(), duplicate: fc.boolean(), domain: fc.string(), count: fc.nat() },
      { requiredKeys: ['stream', 'seq'] },
    );
    fc.assert(
      fc.property(ack, (value) => {
        const read = pubAckOf(Buffer.from(JSON.stringify(value)));
        const expected = value.seq > 0 ? { sequence: value.seq, duplicate: value.duplicate === true } : undefined;
        assert.deepEqual(read, expected);
      }),
    );
  });
});

it('where a delivered entry stands, with and without domain', () => {
  const expected = { consumer: 'C1', sequence: 41, delivery: 7, committedAtMs: 1_795_181_216_557 };
  assert.deepEqual(deliveredAt(bytes('$JS.ACK.M0.C1.1.41.7.1795181216557123456.3')), expected);
  assert.deepEqual(deliveredAt(bytes('$JS.ACK.hub.ACC.M0.C1.1.41.7.1795181216557123456.3.rand')), expected);
  for (const reply of ['', '_INBOX_.a.1', '$JS.ACK.M0', '$JS.FC.M0.C1.1.41.7.1.3']) {
    assert.equal(deliveredAt(bytes(reply)), undefined, reply);
  }
  assert.equal(deliveredAt(undefined), undefined);
});
