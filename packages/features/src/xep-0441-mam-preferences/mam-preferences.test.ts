import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ARCHIVE_DEFAULT,
  type ArchivePreferences,
  COPY,
  type Copy,
  type Envelope,
  FATE,
  KIND,
  preferences,
} from '@starling/contracts';
import type { HookMap } from '@starling/feature-api';
import { type Answers, hostOne, type OneFeature, testSession } from '@starling/feature-api/testing/host-one';
import { type BareJid, parseJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';
import { parseElement as parse, serialize } from '@starling/xml';
import mamPreferences from './mam-preferences.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const of = (version: number, more: Partial<ArchivePreferences> = {}): ArchivePreferences => ({
  ...{ version, fallback: ARCHIVE_DEFAULT.always, always: [], never: [], roster: [] },
  ...more,
});
const host = (answers: Answers) => hostOne(mamPreferences, { answers });

function isExcluded({ hosted }: OneFeature, peer: string, copy: Copy = COPY.received): boolean {
  const [from, to] = copy === COPY.sent ? [ROMEO, peer] : [peer, ROMEO];
  const envelope = {
    from: parseJid(from),
    to: parseJid(to),
    kind: KIND.message,
    fate: FATE.archived,
    copy,
  } as Envelope;
  const event: HookMap['user:message'] = {
    ...{ user: ROMEO, envelope, position: { epoch: 1, sequence: 1 }, stream: 0, stanza: new Uint8Array(0) },
  };
  assert.equal(hosted.hooks.runNow('user:message', event), 'next');
  return event.excluded ?? false;
}

describe('mam-preferences', () => {
  it('goes by what the user wanted when his session was bound, then by his log', async () => {
    const feature = host({ [preferences.get.subject]: () => of(5, { never: ['tybalt@localhost'] }) });
    const [session, other] = [testSession(), testSession('romeo@localhost/garden')];
    for (const one of [session, other]) await feature.hosted.hooks.run('session:bound', { session: one });
    assert.equal(feature.asked.length, 1);
    assert.deepEqual(
      [isExcluded(feature, 'tybalt@localhost/street'), isExcluded(feature, 'juliet@localhost/balcony')],
      [true, false],
    );
    assert.equal(isExcluded(feature, 'tybalt@localhost', COPY.sent), true, 'whoever has written');
    const learn = (next: ArchivePreferences) =>
      feature.hosted.hooks.runNow('user:preferences', { user: ROMEO, preferences: next });
    learn(of(4, { never: ['juliet@localhost'] }));
    assert.equal(isExcluded(feature, 'juliet@localhost/balcony'), false, 'an older entry is void');
    learn(of(6, { fallback: ARCHIVE_DEFAULT.never }));
    assert.equal(isExcluded(feature, 'juliet@localhost/balcony'), true);
    for (const one of [session, other]) await feature.hosted.hooks.run('session:ended', { session: one });
    assert.equal(isExcluded(feature, 'juliet@localhost/balcony'), false, 'nobody is here any more');
  });

  it('lets a session in when nobody can tell, and asks again for the next', async () => {
    let isAway = true;
    const feature = host({
      [preferences.get.subject]: () => {
        if (isAway) throw new StanzaError('resource-constraint');
        return of(1, { fallback: ARCHIVE_DEFAULT.never });
      },
    });
    assert.equal(await feature.hosted.hooks.run('session:bound', { session: testSession() }), 'next');
    assert.equal(isExcluded(feature, 'juliet@localhost'), false);
    isAway = false;
    await feature.hosted.hooks.run('session:bound', { session: testSession('romeo@localhost/garden') });
    assert.equal(isExcluded(feature, 'juliet@localhost'), true);
  });

  it('answers the owner, and nobody else', async () => {
    let stored = of(0);
    const feature = host({
      [preferences.get.subject]: () => stored,
      [preferences.set.subject]: (wanted: Partial<ArchivePreferences>) => {
        stored = { ...stored, ...wanted };
        return stored;
      },
    });
    const show = (answer: Awaited<ReturnType<OneFeature['iq']>>) =>
      typeof answer === 'object' ? serialize(answer).replaceAll('"', "'") : answer;
    const ask = async (type: 'get' | 'set', inner: string, to = '') =>
      show(await feature.iq(type, to, parse(`<prefs xmlns='urn:xmpp:mam:2'${inner}</prefs>`)));
    assert.equal(await ask('get', '>'), "<prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>");
    const lists = '<always><jid>Romeo@montague.lit</jid></always><never><jid>m@x/y</jid><jid>m@x/y</jid></never>';
    const kept = '<always><jid>romeo@montague.lit</jid></always><never><jid>m@x/y</jid></never>';
    const whole = `<prefs xmlns='urn:xmpp:mam:2' default='roster'>${kept}</prefs>`;
    assert.equal(await ask('set', ` default='roster'>${lists}`), whole);
    assert.equal(await ask('get', '>', ROMEO), whole);
    for (const type of ['get', 'set'] as const)
      assert.equal(await ask(type, " default='never'>", 'juliet@localhost'), 'forbidden');
    assert.equal(await ask('set', '>'), 'bad-request');
    assert.equal(await ask('set', " default='toString'>"), 'bad-request');
    assert.equal(await ask('set', " default='never'><always/><always/>"), 'bad-request');
    assert.equal(await ask('set', " default='never'><always><jid>a@b@c</jid></always>"), 'jid-malformed');
    assert.equal(
      await ask('set', " default='never'>"),
      "<prefs xmlns='urn:xmpp:mam:2' default='never'><always/><never/></prefs>",
    );
  });

  it('XEP-0198: goes on elsewhere without asking for them, unless they are long', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `somebody${i}@example.com`);
    for (const [stored, isAsked] of [
      [of(0), false],
      [of(3, { never: ['tybalt@localhost'] }), false],
      [of(3, { never: ['tybalt@localhost', ...many] }), true],
    ] as const) {
      const before = host({ [preferences.get.subject]: () => stored });
      const session = testSession();
      await before.hosted.hooks.run('session:bound', { session });
      const kept = new Map<string, string>();
      before.hosted.hooks.runNow('session:saved', { session, kept });
      const after = host({ [preferences.get.subject]: () => stored });
      await after.hosted.hooks.run('session:bound', { session: testSession(), kept });
      assert.equal(after.asked.length, isAsked ? 1 : 0);
      assert.equal(isExcluded(after, 'tybalt@localhost'), stored.version > 0);
      // What came behind that is in the log.
      const change = of(4, { fallback: ARCHIVE_DEFAULT.never });
      after.hosted.hooks.runNow('user:preferences', { user: ROMEO, preferences: change });
      assert.equal(isExcluded(after, 'juliet@localhost'), true);
    }
  });
});
