import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostFeatures } from '@starling/feature-api';
import version, { NS } from './version.ts';

test('only the server has a version, not an account', () => {
  const hosted = hostFeatures('edge', [version], {
    domain: 'localhost',
    software: { name: 'Starling', version: '1.2.3' },
    configOf: () => ({}),
    call: () => assert.fail('asks nobody'),
    sessionsOf: () => assert.fail('asks for no sessions'),
    makeKeys: () => assert.fail('has no password'),
    onHookFailure: ({ error }) => assert.fail(String(error)),
  });
  assert.ok(hosted.iqs.find('get', NS.version, 'query', 'server'));
  assert.equal(hosted.iqs.find('get', NS.version, 'query', 'account'), undefined);
});
