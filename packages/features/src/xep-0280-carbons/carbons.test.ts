import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COPY, type Copy, type Envelope, FATE, HINT, KIND } from '@starling/contracts';
import { type Session, wantsCarbons } from '@starling/feature-api';
import { hostOne, type TestSession, testSession } from '@starling/feature-api/testing/host-one';
import { type BareJid, parseJid } from '@starling/jid';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import { serialize } from '@starling/xml';
import carbons from './carbons.ts';
import { CopiedIds } from './copied-ids.ts';
import { NS } from './encode-carbon.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const JULIET = parseJid('juliet@localhost/balcony');
const chat = (id = 'm1') =>
  Stanza.build('message', { type: 'chat', id, from: JULIET, to: ROMEO }, el('body', RFC.client, {}, 'hark'));

/** Romeo’s sessions, by resource; those named `…!` want copies. */
async function world(...names: readonly string[]) {
  const feature = hostOne(carbons);
  const sessions = new Map<string, TestSession>();
  for (const name of names) {
    const resource = name.replace('!', '');
    const session = testSession(`${ROMEO}/${resource}`);
    sessions.set(resource, session);
    if (name.endsWith('!')) assert.equal(await feature.iq('set', '', el('enable', NS.carbons), session), undefined);
  }
  const get = (resource: string): TestSession => {
    const session = sessions.get(resource);
    assert.ok(session);
    return session;
  };
  const deliver = (stanza: Stanza, copy: Copy, to: readonly string[] = [], more: Partial<Envelope> = {}) => {
    const envelope: Envelope = {
      ...{ id: '', owner: ROMEO, from: stanza.from || JULIET, to: stanza.to || ROMEO, kind: KIND.message },
      ...{ type: stanza.type, fate: FATE.archived, copy, hints: HINT.body, origin: 'edge-9/x', sentAtMs: 0, after: 0 },
      stanza: stanza.encode(),
      ...more,
    };
    const delivered: readonly Session[] = to.map(get);
    const event = { user: ROMEO, envelope, position: undefined, stanza: envelope.stanza, sessions, delivered };
    assert.equal(feature.hosted.hooks.runNow('user:delivered', event), 'next');
  };
  const got = () => Object.fromEntries([...sessions].map(([resource, { sent }]) => [resource, sent.length]));
  return { ...feature, get, deliver, got };
}

describe('carbons', () => {
  it('§4, §5, §10.1 are enabled and disabled as often as anybody likes; others are told of changes', async () => {
    const { iq, get, told } = await world('home');
    const session = get('home');
    for (const [name, wants] of [
      ...[['enable', true] as const, ['enable', true] as const, ['disable', false] as const],
      ...[['disable', false] as const, ['enable', true] as const],
    ]) {
      assert.equal(await iq('set', name === 'enable' ? '' : ROMEO, el(name, NS.carbons), session), undefined);
      assert.equal(wantsCarbons.get(session), wants);
    }
    assert.deepEqual(told, [session, session, session]);
  });

  it('§4.1, §5.1 those of others cannot be', async () => {
    const { iq } = await world();
    for (const name of ['enable', 'disable'])
      assert.equal(await iq('set', 'juliet@localhost', el(name, NS.carbons)), 'not-allowed');
    assert.equal(await iq('get', '', el('enable', NS.carbons)), 'service-unavailable');
  });

  it('§7 a received message goes to those that want it and did not get it', async () => {
    const { deliver, got, get } = await world('home', 'phone!', 'tv!');
    deliver(chat(), COPY.received, ['home', 'phone']);
    assert.deepEqual(got(), { home: 0, phone: 0, tv: 1 });
    const [carbon] = get('tv').sent;
    assert.ok(carbon instanceof Stanza);
    assert.deepEqual([carbon.from, carbon.to, carbon.type, carbon.id], [ROMEO, `${ROMEO}/tv`, 'chat', '']);
    const payload = carbon.firstChild();
    assert.ok(payload);
    assert.equal(
      serialize(payload),
      `<received xmlns='${NS.carbons}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' ` +
        `to='${ROMEO}' from='${JULIET}' id='m1' type='chat'><body>hark</body></message></forwarded></received>`,
    );
  });

  it('§8 a sent message goes to all that want it, not to who sent it, enabled or not', async () => {
    for (const sender of ['home', 'phone']) {
      const { deliver, got, get } = await world('home', 'phone!', 'tv!');
      deliver(chat().with({ from: get(sender).jid, to: JULIET }), COPY.sent, [], { origin: get(sender).origin });
      assert.deepEqual(got(), { home: 0, phone: sender === 'phone' ? 0 : 1, tv: 1 });
      const [carbon] = get('tv').sent;
      assert.ok(carbon instanceof Stanza && carbon.has(NS.carbons, 'sent'));
    }
  });

  it('§7, §8 of a message to oneself nobody has two', async () => {
    const { deliver, got, get } = await world('home!', 'phone!', 'tv!');
    deliver(chat().with({ from: get('home').jid, to: get('phone').jid }), COPY.self, ['phone'], {
      origin: get('home').origin,
    });
    assert.deepEqual(got(), { home: 0, phone: 0, tv: 1 });
    const [carbon] = get('tv').sent;
    assert.ok(carbon instanceof Stanza && carbon.has(NS.carbons, 'sent'));
  });

  it('§9 not what is private', async () => {
    const { deliver, got } = await world('tv!');
    deliver(chat(), COPY.received, [], { hints: HINT.body | HINT.noCopy });
    deliver(chat().with({ to: JULIET }), COPY.sent, [], { hints: HINT.body | HINT.noCopy });
    assert.deepEqual(got(), { tv: 0 });
  });

  it('§6.1 an error is copied when the message was: of the same id, with the same other side', async () => {
    const { deliver, got } = await world('tv!');
    const error = (id: string, from = JULIET) =>
      Stanza.build('message', { type: 'error', id, from, to: parseJid(`${ROMEO}/home`) });
    deliver(error('m1'), COPY.received);
    deliver(Stanza.build('message', { id: 'm0', to: JULIET }), COPY.sent, [], { hints: 0 });
    deliver(error('m0'), COPY.received);
    assert.deepEqual(got(), { tv: 0 });
    deliver(chat().with({ from: ROMEO, to: JULIET }), COPY.sent);
    deliver(error('m1', parseJid('nurse@localhost')), COPY.received);
    deliver(error('m2'), COPY.received);
    assert.deepEqual(got(), { tv: 1 });
    deliver(error('m1', parseJid('juliet@localhost')), COPY.received);
    assert.deepEqual(got(), { tv: 2 });
  });

  it('§10.3 an error about a carbon itself, which has no id, is about nothing', async () => {
    const { deliver, got } = await world('tv!', 'home');
    deliver(chat(), COPY.received, ['home']);
    deliver(Stanza.build('message', { type: 'error', from: parseJid(`${ROMEO}/tv`), to: ROMEO }), COPY.self);
    assert.deepEqual(got(), { tv: 1, home: 0 });
  });
});

describe('what is remembered of copied messages', () => {
  it('is bounded; the oldest goes first', () => {
    const ids = new CopiedIds(2);
    for (const id of ['1', '2', '2', '', '3']) ids.add(ROMEO, JULIET, chat(id).encode());
    assert.equal(ids.size, 2);
    assert.deepEqual(
      ['1', '2', '3', ''].map((id) => ids.isAnsweredBy(ROMEO, JULIET, chat(id).encode())),
      [false, true, true, false],
    );
  });

  it('is bounded in bytes, too: a long id is not remembered', () => {
    const ids = new CopiedIds();
    const [longest, longer] = [256, 257].map((length) => chat('x'.repeat(length)).encode());
    for (const stanza of [longest, longer]) if (stanza) ids.add(ROMEO, JULIET, stanza);
    assert.deepEqual([ids.size, longest && ids.isAnsweredBy(ROMEO, JULIET, longest)], [1, true]);
  });
});
