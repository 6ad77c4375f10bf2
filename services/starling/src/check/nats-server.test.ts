import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsFacts } from '@starling/bus';
import { judgeNatsServer } from './nats-server.ts';

const MIB = 1024 ** 2;
const good: NatsFacts = {
  ...{ version: '2.11.4', hasJetStream: true, payloadBytesMax: MIB, isTls: true, streams: [], hasMoreStreams: false },
  ...{ clock: undefined, permissions: undefined },
};
const wanted = { stanzaBytesMax: MIB / 4, replicas: 3, url: 'nats://n1:4222' };
const judge = (facts: Partial<NatsFacts>, more = {}) =>
  judgeNatsServer({ facts: { ...good, ...facts } }, { ...wanted, ...more });

test('a server that fits is good', () => {
  assert.deepEqual(judge({}), {
    verdict: 'ok',
    text: 'nats-server 2.11.4 at nats://n1:4222, messages up to 1MiB, TLS',
  });
  assert.equal(judgeNatsServer('none', wanted).verdict, 'ok');
});

test('too old, without JetStream, too small messages, or not there', () => {
  assert.match(judge({ version: '2.10.29' }).text, /3 replica\(s\) need 2\.11/);
  assert.equal(judge({ version: '2.10.29' }, { replicas: 1 }).verdict, 'ok');
  assert.equal(judge({ version: '2.8.4' }, { replicas: 1 }).verdict, 'failed');
  assert.equal(judge({ version: '3.0.0' }).verdict, 'ok');
  assert.match(judge({ hasJetStream: false }).text, /no JetStream/);
  assert.match(judge({ payloadBytesMax: MIB / 4 }).text, /max_payload/);
  assert.deepEqual(judgeNatsServer({ error: 'gone' }, wanted), { verdict: 'failed', text: 'gone' });
});

test('another machine is reached with TLS', () => {
  assert.equal(judge({ isTls: false }).verdict, 'warning');
  assert.equal(judge({ isTls: false }, { url: 'nats://127.0.0.1:4222, nats://localhost:4223' }).verdict, 'ok');
});
