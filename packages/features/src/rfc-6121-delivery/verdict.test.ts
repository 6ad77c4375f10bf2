import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESSION_STATE, type SessionRow } from '@starling/contracts';
import fc from 'fast-check';
import { ALL, home, NO_SUCH_USER, SECTION_8_5, type Sessions } from './section-8-5.ts';
import { type Arriving, verdictOf } from './verdict.ts';

function name({ kind, type, resource }: Arriving, sessions: Sessions): string {
  const there = sessions?.map((s) => s.resource).join('+') || 'nobody';
  const whom = sessions === undefined ? 'no such user' : there;
  return `${kind} ${type || '(none)'} to ${resource === '' ? 'the bare JID' : `/${resource}`}, ${whom}`;
}

for (const kind of ['message', 'presence', 'iq'] as const) {
  describe(`RFC 6121 §8.5, ${kind}`, () => {
    for (const [section, type, resource, sessions, expected] of SECTION_8_5[kind]) {
      const arriving = { kind, type, resource };
      const outcome = typeof expected === 'string' ? expected : expected.map((s) => s.resource).join('+');
      it(`${section}: ${name(arriving, sessions)} → ${outcome}`, () => {
        const verdict = verdictOf(arriving, sessions);
        if (typeof expected === 'string') assert.deepEqual(verdict, { action: expected, sessions: [] });
        else assert.deepEqual(verdict, { action: 'deliver', sessions: expected });
      });
    }
  });
}

describe('§8.5.3.1 presence leaks', () => {
  const request = { kind: 'iq', type: 'get', resource: 'home' } as const;
  it('who may not know hears the same as of a resource that is not there', () => {
    assert.deepEqual(verdictOf(request, ALL, false), verdictOf({ ...request, resource: 'old' }, ALL, false));
    assert.deepEqual(verdictOf(request, ALL, false), verdictOf(request, [], false));
    assert.deepEqual(verdictOf(request, ALL, false), verdictOf(request, NO_SUCH_USER, false));
  });
  it('an answer is delivered all the same', () => {
    assert.deepEqual(verdictOf({ ...request, type: 'result' }, ALL, false).sessions, [home]);
  });
});

describe('properties', () => {
  const session: fc.Arbitrary<SessionRow> = fc.record({
    resource: fc.constantFrom('a', 'b', 'c'),
    session: fc.string(),
    state: fc.constantFrom(...Object.values(SESSION_STATE)),
    priority: fc.integer({ min: -128, max: 127 }),
    boundAt: fc.nat(),
    edge: fc.constant('edge-1'),
    carbons: fc.boolean(),
    epoch: fc.constant(0),
  });
  const sessions = fc.uniqueArray(session, { maxLength: 3, selector: (s) => s.resource });
  const type = fc.constantFrom(
    ...['', 'chat', 'normal', 'headline', 'groupchat', 'error', 'unavailable', 'subscribe', 'probe', 'get', 'result'],
  );
  const resource = fc.constantFrom('', 'a', 'z');

  it('a message never goes to a negative priority by the bare JID, nor to a session that is not there', () => {
    fc.assert(
      fc.property(sessions, type, resource, (there, t, r) => {
        for (const chosen of verdictOf({ kind: 'message', type: t, resource: r }, there).sessions) {
          assert.ok(there.includes(chosen));
          assert.ok(chosen.resource === r || (chosen.priority >= 0 && chosen.state === SESSION_STATE.available));
        }
      }),
    );
  });

  it('an error or a result is never answered', () => {
    fc.assert(
      fc.property(fc.option(sessions, { nil: undefined }), resource, fc.boolean(), (there, r, visible) => {
        for (const kind of ['message', 'presence', 'iq'] as const)
          assert.notEqual(verdictOf({ kind, type: 'error', resource: r }, there, visible).action, 'error');
        assert.notEqual(verdictOf({ kind: 'iq', type: 'result', resource: r }, there, visible).action, 'error');
      }),
    );
  });
});
