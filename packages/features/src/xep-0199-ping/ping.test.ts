import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOne } from '@starling/feature-api/testing/host-one';
import ping, { NS } from './ping.ts';

test('pings are answered, and disco says so', () => {
  const { hosted } = hostOne(ping, { env: { STARLING_PING_INTERVAL: '0s' } });
  for (const target of ['server', 'account', undefined] as const)
    assert.ok(hosted.iqs.find('get', NS.ping, 'ping', target));
  assert.equal(hosted.iqs.find('set', NS.ping, 'ping', 'server'), undefined);
  assert.deepEqual(hosted.disco.server.features, [NS.ping]);
});
