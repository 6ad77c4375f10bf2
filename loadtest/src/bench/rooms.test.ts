import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cost } from './profile-report.ts';
import { byRoom } from './rooms.ts';

const cost = (where: string, share: number): Cost => ({ where, share, selfUs: share * 1_000 });

test('functions add up by their room; metrics are a room of their own, wherever they are', () => {
  const rooms = byRoom([
    cost('scan packages/xml/src/scanner.ts:196', 0.1),
    cost('readStream packages/xml/src/scanner.ts:151', 0.05),
    cost('observe packages/runtime/src/metrics.ts:243', 0.01),
    cost('count services/edge/src/metrics.ts:12', 0.02),
    cost('inc prom-client/lib/counter.js:40', 0.01),
    cost('parse @nats-io/nats-core/lib/parser.js:84', 0.2),
    cost('set accepted services/edge/src/road.ts:80', 0.06),
    cost('push node:internal/streams/readable:386', 0.07),
    cost('writeBuffer', 0.3),
    cost('(program)', 0.04),
    cost('(garbage collector)', 0.14),
  ]);
  assert.deepEqual(
    rooms.map(({ where, share }) => `${where} ${share.toFixed(2)}`),
    [
      ...['V8 and system calls 0.34', '@nats-io/nats-core 0.20', 'packages/xml 0.15', 'garbage collection 0.14'],
      ...['Node 0.07', 'services/edge 0.06', 'metrics 0.04'],
    ],
  );
});

test('a function without a name is in the room of its file', () => {
  assert.equal(byRoom([cost('(anonymous) services/archive/src/tail.ts:9', 1)])[0]?.where, 'services/archive');
});
