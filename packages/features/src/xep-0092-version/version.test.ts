import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOne } from '@starling/feature-api/testing/host-one';
import version, { NS } from './version.ts';

test('only the server has a version, not an account', () => {
  const { hosted } = hostOne(version);
  assert.ok(hosted.iqs.find('get', NS.version, 'query', 'server'));
  assert.equal(hosted.iqs.find('get', NS.version, 'query', 'account'), undefined);
});
