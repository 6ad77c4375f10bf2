import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostFeatures } from '@starling/feature-api';
import ping, { NS } from './ping.ts';

test('pings are answered, and disco says so', () => {
  const hosted = hostFeatures('edge', [ping], {
    domain: 'localhost',
    software: { name: 'x', version: '0' },
    configOf: () => ({ intervalMs: 0, timeoutMs: 1_000 }),
    call: () => assert.fail('a ping asks nobody'),
    sessionsOf: () => assert.fail('asks for no sessions'),
    makeKeys: () => assert.fail('a ping has no password'),
    onHookFailure: ({ error }) => assert.fail(String(error)),
  });
  for (const target of ['server', 'account', undefined] as const)
    assert.ok(hosted.iqs.find('get', NS.ping, 'ping', target));
  assert.equal(hosted.iqs.find('set', NS.ping, 'ping', 'server'), undefined);
  assert.deepEqual(hosted.disco.server.features, [NS.ping]);
});
