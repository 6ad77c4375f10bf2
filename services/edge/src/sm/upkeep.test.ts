import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SessionView } from '@starling/contracts';
import type { EdgeConfig } from '../config.ts';
import { managed } from '../testing/managed.ts';
import { makeSession } from '../testing/session.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { SessionRecords } from './session-records.ts';
import { Upkeep } from './upkeep.ts';

const JULIET = 'juliet@localhost/balcony';

/** One session with stream management; ticks as they are told. */
function upkept(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { session } = makeSession();
  const sm = managed();
  session.sm = sm;
  const stored: SessionView[] = [];
  const records = {
    putView: async (_user: string, _session: string, view: SessionView, revision: number) => {
      stored.push(view);
      return revision + 1;
    },
  };
  const upkeep = new Upkeep({
    records: records as unknown as SessionRecords,
    checkpoints: { write: async () => 'stored' } as unknown as Checkpoints,
    sessions: () => [session],
    config: { smCheckpointMs: 5_000 } as EdgeConfig,
    shown: ({ view }) => view,
    onLost: () => assert.fail('it is ours'),
  });
  t.after(() => upkeep.stop());
  const ticks = async (count: number) => {
    for (let i = 0; i < count; i++) {
      t.mock.timers.tick(1_000);
      await nextTurn();
    }
  };
  const show = (stamp: number) => session.view.show({ from: JULIET, stamp, unavailable: false, always: false });
  return { sm, stored, ticks, show };
}

const viewOf = (stamp: number, unsure: boolean): SessionView => ({ shown: [{ from: JULIET, stamp }], unsure });

test('a view is stored once where it has changed', async (t) => {
  const { stored, ticks, show } = upkept(t);
  show(7);
  await ticks(3);
  assert.deepEqual(stored, [viewOf(7, false)]);
});

test('a view of which something is on its way waits for that', async (t) => {
  const { sm, stored, ticks, show } = upkept(t);
  show(7);
  sm.keep(new Uint8Array(1), undefined, '');
  await ticks(2);
  assert.deepEqual(stored, []);
  sm.acknowledged(1);
  await ticks(2);
  assert.deepEqual(stored, [viewOf(7, false)]);
});

test('but not for ever: then it is unsure, until all has arrived', async (t) => {
  const { sm, stored, ticks, show } = upkept(t);
  show(7);
  sm.keep(new Uint8Array(1), undefined, '');
  await ticks(10);
  assert.deepEqual(stored, [viewOf(7, true)]);
  sm.acknowledged(1);
  await ticks(2);
  assert.deepEqual(stored, [viewOf(7, true), viewOf(7, false)]);
});
