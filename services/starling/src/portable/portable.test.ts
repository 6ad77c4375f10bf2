import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ArchiveDefault, type RosterItem, SUBSCRIPTION, type Subscription } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { el, Stanza } from '@starling/stanza';
import { type Element, parseElement, serialize, serializeBytes } from '@starling/xml';
import fc from 'fast-check';
import { AccountBuilder } from './account-builder.ts';
import { elementsOf, type PortableAccount } from './account-elements.ts';
import { entryOf, offlineOf, resultOf, stanzaOf } from './message-elements.ts';
import { NS } from './names.ts';
import { type PortableEvent, readPortable } from './reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'starling-portable-'));
after(() => rmSync(folder, { recursive: true }));

// Whatever XML can write.
const text = fc.string({ unit: fc.constantFrom(...'ab <>&\'"\t\n\r', '张', '𠮷', ']]>') });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const jid = fc.constantFrom('juliet@localhost', '张三@例子.中国', 'capulet.lit', 'a@b/c', 'ohara@localhost');
const element = fc
  .record({ name: fc.constantFrom('a', 'b'), value: text, inner: text })
  .map(({ name, value, inner }) =>
    el(name, 'exodus:prefs', { value }, ...(inner === '' ? [] : [inner]), el('c', 'other', {})),
  );
const accounts: fc.Arbitrary<PortableAccount> = fc.record({
  keys: fc.uniqueArray(
    fc.record({
      mechanism: fc.constantFrom('SCRAM-SHA-1', 'SCRAM-SHA-256'),
      iterations: fc.integer({ min: 4096, max: 100_000 }),
      ...{ salt: bytes(16), storedKey: bytes(20), serverKey: bytes(20) },
    }),
    { selector: ({ mechanism }) => mechanism },
  ),
  items: fc.uniqueArray(
    fc.record({
      ...{ jid, name: text, approved: fc.boolean(), removed: fc.constant(false) },
      groups: fc.uniqueArray(
        text.filter((group) => group !== ''),
        { maxLength: 3 },
      ),
      subscription: fc.integer({ min: 0, max: 3 }) as fc.Arbitrary<Subscription>,
      ask: fc.constant(false),
    }),
    { selector: (item) => item.jid, maxLength: 5 },
  ) as fc.Arbitrary<RosterItem[]>,
  requests: fc.constantFrom(
    [],
    [
      Stanza.build(
        'presence',
        { type: 'subscribe', from: '张三@例子.中国' as BareJid },
        el('nick', 'n', {}, '张'),
      ).encode(),
    ],
  ),
  vcard: fc.option(
    text.map((name) => serializeBytes(el('vCard', NS.vcard, {}, el('FN', NS.vcard, {}, name)))),
    {
      nil: undefined,
    },
  ),
  privateXml: fc
    .uniqueArray(element, { selector: ({ name }) => name })
    .map((all) => all.map((e) => ({ ns: e.ns, name: e.name, xml: serializeBytes(e) }))),
  blocked: fc.uniqueArray(jid),
  preferences: fc.option(
    fc.record({
      fallback: fc.integer({ min: 0, max: 2 }) as fc.Arbitrary<ArchiveDefault>,
      always: fc.uniqueArray(jid),
      never: fc.uniqueArray(jid),
    }),
    { nil: undefined },
  ),
});

/** As a file has them. */
const written = (elements: readonly Element[]) => elements.map((e) => serialize(e, NS.pie));
async function read(path: string): Promise<PortableEvent[]> {
  const events: PortableEvent[] = [];
  for await (const event of readPortable(path, { found() {}, read() {} })) events.push(event);
  return events;
}
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('an account in a file', () => {
  it('property: is read as it was written, whatever stands in it', async () => {
    await fc.assert(
      fc.asyncProperty(accounts, async (account) => {
        const lines = written(elementsOf(account));
        const content = `<server-data xmlns='${NS.pie}'><host jid='x'><user name='y'>${lines.join('\n')}</user></host></server-data>`;
        const notes: string[] = [];
        const builder = new AccountBuilder((note) => notes.push(note));
        for (const event of await read(file('property.xml', content)))
          if (event.kind === 'child') builder.take(event.element);
        const found = builder.account;
        const again = { ...found, requests: found.requests.map(({ stanza }) => stanza) };
        assert.deepEqual(written(elementsOf(again)), lines);
        assert.deepEqual(notes, []);
        assert.deepEqual(again.blocked, account.blocked);
        assert.equal(again.items.length, account.items.length);
      }),
      { numRuns: 50 },
    );
  });

  it('of another server gives what can be taken, and tells the rest', () => {
    const notes: string[] = [];
    const builder = new AccountBuilder((note) => notes.push(note));
    const take = (xml: string) => builder.take(parseElement(xml));
    take(`<query xmlns='jabber:iq:roster'><item jid='Romeo@Montague.net' subscription='to' ask='subscribe'>
      <group>Friends</group><group>Friends</group></item><item jid='a b@c'/></query>`);
    take(`<query xmlns='jabber:iq:privacy'><default name='public'/><list name='public'>
      <item type='jid' value='second@x' action='deny' order='2'/><item type='jid' value='first@x' action='deny' order='1'/>
      <item type='jid' value='part@x' action='deny' order='3'><message/></item><item action='allow' order='9'/></list>
      <list name='private'/></query>`);
    take(`<pubsub xmlns='http://jabber.org/protocol/pubsub'/>`);
    take(`<scram-credentials xmlns='${NS.scram}' mechanism='SCRAM-SHA-512'/>`);
    const { items, blocked, keys } = builder.account;
    assert.deepEqual(
      items.map((i) => [i.jid, i.subscription, i.ask, i.groups]),
      [['romeo@montague.net', SUBSCRIPTION.to, false, ['Friends']]],
    );
    assert.deepEqual(blocked, ['first@x', 'second@x']);
    assert.deepEqual(keys, []);
    assert.equal(notes.length, 5, notes.join('\n'));
  });
});

describe('a message in a file', () => {
  const owner = '张三@localhost' as BareJid;
  const message = `<message xmlns='jabber:client' from='juliet@localhost/balcony' to='${owner}' type='chat' id='1' xml:lang='zh'><body>你好 &lt;&#13;&#10;</body><x xmlns='y' a='&#9;'/></message>`;
  const result = (id: string, inner = message) =>
    parseElement(
      `<result xmlns='${NS.mam}' id='${id}'><forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' stamp='2010-07-10T23:08:25.120Z'/>${inner}</forwarded></result>`,
    );

  it('comes back as it was, with its time and its id', () => {
    const entry = entryOf(owner, result('id-1'));
    assert.ok(typeof entry !== 'string');
    assert.equal(entry.committedAtMs, Date.parse('2010-07-10T23:08:25.120Z'));
    const again = resultOf({ ...entry, position: { epoch: 0, sequence: 1 } });
    assert.equal(serialize(again, NS.archive), serialize(result('id-1'), NS.archive));
  });

  it('of another server has an id that is ours, or says what it lacks', () => {
    const [one, two] = [entryOf(owner, result('长'.repeat(200))), entryOf(owner, result(''))];
    assert.ok(typeof one !== 'string' && typeof two !== 'string');
    assert.notDeepEqual(one.envelope, two.envelope);
    assert.equal(typeof entryOf(owner, result('x', '')), 'string');
    assert.equal(typeof entryOf(owner, result('x', "<message xmlns='jabber:client' from='a b@c'/>")), 'string');
  });

  it('that waits offline says since when, once', () => {
    const stanza = stanzaOf(parseElement(message));
    assert.ok(stanza.toString().startsWith("<message from='juliet"));
    const entry = entryOf(owner, result('id-1'));
    assert.ok(typeof entry !== 'string');
    const waiting = offlineOf(owner, { ...entry, position: { epoch: 1, sequence: 1 } });
    assert.match(
      serialize(waiting),
      /<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2010-07-10T23:08:25.120Z'\/>/,
    );
  });
});

describe('a file of XEP-0227', () => {
  it('§5 may consist of several, which include one another', async () => {
    mkdirSync(join(folder, 'capulet.com'));
    const xi = `xmlns='${NS.pie}' xmlns:xi='${NS.include}'`;
    const main = file(
      'main.xml',
      `<server-data ${xi}><xi:include href='capulet.com.xml'/><xi:include href='/etc/passwd'/></server-data>`,
    );
    file('capulet.com.xml', `<host ${xi} jid='capulet.com'><xi:include href='capulet.com/juliet.xml'/></host>`);
    file(
      'capulet.com/juliet.xml',
      `<user ${xi} name='juliet'><vCard xmlns='vcard-temp'><xi:include href='main.xml'/></vCard></user>`,
    );
    const events = await read(main);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['host', 'user', 'child', 'user-end', 'note'],
    );
  });

  it('that includes itself, is not well-formed, not in UTF-8, or not there is refused', async () => {
    const itself = file(
      'itself.xml',
      `<server-data xmlns='${NS.pie}' xmlns:xi='${NS.include}'><xi:include href='itself.xml'/></server-data>`,
    );
    for (const path of [
      itself,
      file('broken.xml', `<server-data xmlns='${NS.pie}'><host`),
      file('entity.xml', `<!DOCTYPE x [<!ENTITY e "x">]><server-data xmlns='${NS.pie}'>&e;</server-data>`),
      join(folder, 'nowhere.xml'),
    ])
      await assert.rejects(read(path), { name: 'CommandError' }, path);
    const latin1 = join(folder, 'latin1.xml');
    writeFileSync(latin1, Buffer.from(`<server-data xmlns='${NS.pie}'>\u00e9</server-data>`, 'latin1'));
    await assert.rejects(read(latin1), /UTF-8/);
  });
});
