import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addHash, SESSION_STATE, type SessionEvent, type SessionState, sessionHash } from '@starling/contracts';
import fc from 'fast-check';
import type { Row } from './row.ts';
import { Sessions } from './sessions.ts';
import { Tallies } from './tallies.ts';

const USERS = ['juliet@example.com', 'romeo@example.com'];
const EDGES = ['i1', 'i2', 'i3'].map((incarnation) => ({ id: `edge of ${incarnation}`, incarnation }));
const GRACE_MS = 50;

const eventArbitrary = fc.record({
  user: fc.constantFrom(...USERS),
  resource: fc.constantFrom('balcony', 'orchard'),
  session: fc.constantFrom('s1', 's2', 's3'),
  state: fc.constantFrom<SessionState>(SESSION_STATE.connected, SESSION_STATE.available, SESSION_STATE.detached),
  priority: fc.integer({ min: -1, max: 1 }),
  boundAt: fc.integer({ min: 1, max: 20 }),
  stamp: fc.integer({ min: 0, max: 20 }),
  presence: fc.constant(Buffer.from('/>')),
  ended: fc.boolean(),
  directed: fc.constant([]),
  carbons: fc.boolean(),
  windowMs: fc.constantFrom(0, 1_000),
  epoch: fc.integer({ min: 0, max: 3 }),
}) satisfies fc.Arbitrary<SessionEvent>;

const stepArbitrary = fc.record({
  what: fc.constantFrom('apply', 'apply', 'bind', 'resume', 'lose'),
  event: eventArbitrary,
  edge: fc.constantFrom(...EDGES),
});

test('what was counted as sessions changed is what counting them all would say, with those on their way and without', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 60 }), (steps) => {
      const tallies = new Tallies();
      const users = new Map(USERS.map((user) => [user, new Sessions(user, tallies)]));
      let nowMs = 1_000;
      for (const { what, event, edge } of steps) {
        nowMs += 10;
        const sessions = users.get(event.user) ?? assert.fail();
        const { resource, session } = event;
        const row = sessions.get(resource);
        if (what === 'apply') sessions.apply(event, edge);
        else if (what === 'bind') sessions.bind({ resource, session, edge }, nowMs, 0);
        else if (what === 'resume') sessions.resume(event, edge, true, nowMs);
        else if (row !== undefined) sessions.lose(row);

        const isOnItsWay = ({ unconfirmedSinceMs: since }: Row) => since > 0 && nowMs - since < GRACE_MS;
        const rows = [...users.values()].flatMap((of) => [...of.values()]);
        for (const { incarnation } of EDGES) {
          const own = rows.filter((r) => r.edge.incarnation === incarnation);
          const confirmed = own.filter((r) => !isOnItsWay(r));
          const agrees = (digest: ReturnType<typeof digestOf>) => tallies.agrees(incarnation, digest, isOnItsWay);
          assert.ok(agrees(digestOf(own)), 'with all');
          assert.ok(agrees(digestOf(confirmed)), 'without those on their way');
          const [some, ...others] = confirmed;
          if (some === undefined) continue;
          assert.ok(!agrees(digestOf(others)), 'one is missing');
          assert.ok(!agrees(digestOf([...others, { ...some, stamp: some.stamp + 100 }])), 'one is another');
        }
      }
    }),
  );
});

const digestOf = (rows: readonly Row[]) => ({
  sessions: rows.length,
  hash: rows.reduce((sum, row) => addHash(sum, sessionHash(row)), 0),
});
