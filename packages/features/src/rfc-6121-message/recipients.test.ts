import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_STATE, type SessionRow } from '@starling/contracts';
import fc from 'fast-check';
import { recipientsOf } from './recipients.ts';

const row = (resource: string, priority: number, state: SessionRow['state'] = SESSION_STATE.available): SessionRow => ({
  resource,
  session: `s-${resource}`,
  state,
  priority,
  boundAt: 0,
});
const home = row('home', 0);
const phone = row('phone', 5);
const away = row('away', -1);
const silent = row('silent', 0, SESSION_STATE.connected);
const gone = row('gone', 0, SESSION_STATE.detached);

const TABLE: readonly (readonly [string, string, string, readonly SessionRow[], readonly SessionRow[]])[] = [
  ['§8.5.2.1.1 chat to the bare JID: all non-negative', 'chat', '', [home, phone, away], [home, phone]],
  ['§8.5.2.1.1 normal to the bare JID: all non-negative', '', '', [home, phone, away], [home, phone]],
  ['§8.5.2.1.1 headline to the bare JID', 'headline', '', [home, away], [home]],
  ['§8.5.2.1.1 groupchat never', 'groupchat', '', [home], []],
  ['§8.5.2.1.1 error is ignored', 'error', '', [home], []],
  ['§8.5.2.1.1 only negative: as if there were none', 'chat', '', [away], []],
  ['§8.5.2.2.1 none available: offline', 'chat', '', [silent], []],
  ['a detached session is not available', 'chat', '', [gone], []],
  ['§8.5.3.1 a match, whatever its priority', 'chat', 'away', [home, away], [away]],
  ['§8.5.3.1 a match that sent no presence', 'normal', 'silent', [home, silent], [silent]],
  ['§8.5.3.1 an error to a match', 'error', 'home', [home], [home]],
  ['§8.5.3.2.1 chat without a match: as to the bare JID', 'chat', 'old', [home, phone, away], [home, phone]],
  ['§8.5.3.2.1 normal without a match: ignored', '', 'old', [home], []],
  ['§8.5.3.2.1 headline without a match: ignored', 'headline', 'old', [home], []],
  ['§8.5.3.2.1 error without a match: ignored', 'error', 'old', [home], []],
];

for (const [title, type, resource, sessions, expected] of TABLE) {
  test(title, () => assert.deepEqual(recipientsOf({ type, resource }, sessions), expected));
}

test('property: never a negative priority to a bare JID, never a session that is not there', () => {
  const session: fc.Arbitrary<SessionRow> = fc.record({
    resource: fc.constantFrom('a', 'b', 'c'),
    session: fc.string(),
    state: fc.constantFrom(...Object.values(SESSION_STATE)),
    priority: fc.integer({ min: -128, max: 127 }),
    boundAt: fc.nat(),
  });
  const type = fc.constantFrom('', 'chat', 'normal', 'headline', 'groupchat', 'error');
  fc.assert(
    fc.property(fc.array(session, { maxLength: 6 }), type, fc.constantFrom('', 'a', 'z'), (sessions, t, resource) => {
      for (const chosen of recipientsOf({ type: t, resource }, sessions)) {
        assert.ok(sessions.includes(chosen));
        assert.ok(chosen.resource === resource || (chosen.priority >= 0 && chosen.state === SESSION_STATE.available));
      }
    }),
  );
});
