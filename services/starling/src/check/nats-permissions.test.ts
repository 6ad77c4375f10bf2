import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsFacts } from '@starling/bus';
import { ROLES } from '@starling/contracts';
import { judgeNatsPermissions, judgePermissions } from './nats-permissions.ts';

const wanted = { publish: ['m.*.*', 'r.*'], subscribe: ['u.*.*'] };
const judge = (publish: readonly string[], subscribe: readonly string[] = wanted.subscribe) =>
  judgePermissions('edge', wanted, { publish, subscribe });

test('what is missing is a fault, what is too much a warning', () => {
  assert.equal(judge(['r.*', 'm.*.*']).verdict, 'ok');
  assert.deepEqual(judge(['m.*.*'], []), {
    verdict: 'failed',
    text: 'edge may not: publish r.*, subscribe u.*.* (infra/nats/roles.conf)',
  });
  assert.deepEqual(judge(['>']), { verdict: 'warning', text: 'edge may do more than it has to: publish >' });
});

const look = (permissions: NatsFacts['permissions']) => ({ facts: { permissions } as NatsFacts });

test('of a user who is no role, or bound by nothing, or of whom nothing is known', () => {
  assert.equal(judgeNatsPermissions(look(ROLES.edge), 'edge').verdict, 'ok');
  assert.match(judgeNatsPermissions(look(ROLES.edge), 'somebody').text, /none of edge, archive/);
  assert.match(judgeNatsPermissions(look('everything'), '').text, /may do everything/);
  assert.match(judgeNatsPermissions(look(undefined), 'edge').text, /2\.10/);
  assert.equal(judgeNatsPermissions({ error: 'gone' }, 'edge').verdict, 'skipped');
});
