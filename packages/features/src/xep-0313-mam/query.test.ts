import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ArchivedEntry, PageReply, PageRequest, Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';
import { parseElement as parse, serialize } from '@starling/xml';
import fc from 'fast-check';
import { finElement, pageRequestOf, parseQuery } from './query.ts';

const USER = 'juliet@capulet.lit' as BareJid;
const ids: Readonly<Record<string, Position>> = {
  one: { epoch: 1, sequence: 10 },
  two: { epoch: 1, sequence: 20 },
  three: { epoch: 2, sequence: 5 },
};
const find = (id: string): Position | undefined => ids[id];
const idOf = (position: Position) => Object.entries(ids).find(([, p]) => p === position)?.[0] ?? '?';

const form = (...fields: readonly string[]) =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>${fields.join('')}</x>`;
const field = (name: string, ...values: readonly string[]) =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`;
const rsm = (inner: string) => `<set xmlns='http://jabber.org/protocol/rsm'>${inner}</set>`;
const queryOf = (inner: string, attrs = '') =>
  parseQuery(parse(`<query xmlns='urn:xmpp:mam:2' ${attrs}>${inner}</query>`));
const requestOf = (inner: string): PageRequest => pageRequestOf(queryOf(inner), { user: USER, limitMax: 50, find });
const conditionOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof StanzaError) return error.condition;
    throw error;
  }
  return '';
};

const NOTHING: PageRequest = {
  ...{
    user: USER,
    after: undefined,
    before: undefined,
    startMs: undefined,
    endMs: undefined,
    with: '',
    ids: [],
    known: [],
  },
  ...{ limit: 50, backwards: false, count: false },
};

describe('a query', () => {
  const table: readonly (readonly [string, string, Partial<PageRequest>])[] = [
    ['nothing: all, the first page', '', {}],
    ['Filtering by JID', form(field('with', 'Romeo@montague.lit/Orchard')), { with: 'romeo@montague.lit/Orchard' }],
    ['Filtering by time, UTC', form(field('start', '2010-06-07T00:00:00Z')), { startMs: Date.UTC(2010, 5, 7) }],
    [
      '… with an offset',
      form(field('end', '2010-07-07T13:23:54.25+02:00')),
      { endMs: Date.UTC(2010, 6, 7, 11, 23, 54, 250) },
    ],
    ['… before there was any', form(field('start', '1969-07-21T02:56:15Z')), { startMs: 0 }],
    [
      'Limiting results by id',
      form(field('after-id', 'one'), field('before-id', 'three')),
      { after: ids.one, before: ids.three, known: [ids.three as Position, ids.one as Position] },
    ],
    ['single messages', form(field('ids', 'one', 'three')), { ids: [ids.one as Position, ids.three as Position] }],
    ['groupchat, of which there is none', form(field('include-groupchat', 'true')), {}],
    ['a field that says nothing', form(field('with', ''), "<field var='start'/>"), {}],
    ['RSM: a limit', rsm('<max>10</max>'), { limit: 10 }],
    ['… that is too high', rsm('<max>1000</max>'), { limit: 50 }],
    ['… the highest xs:int', rsm('<max>2147483647</max>'), { limit: 50 }],
    [
      '… the next page',
      rsm('<max>10</max><after>one</after>'),
      { limit: 10, after: ids.one, known: [ids.one as Position] },
    ],
    [
      '… the page before',
      rsm('<before>two</before>'),
      { backwards: true, before: ids.two, known: [ids.two as Position] },
    ],
    ['… the last page', rsm('<before/>'), { backwards: true }],
    ['… nothing behind nothing', rsm('<after/>'), {}],
    ['… how many there are', rsm('<max>0</max>'), { limit: 0, count: true }],
    [
      'RSM within a form: what is nearer',
      form(field('after-id', 'one'), field('before-id', 'three')) + rsm('<after>two</after>'),
      { after: ids.two, before: ids.three, known: [ids.three, ids.one, ids.two] as Position[] },
    ],
  ];
  for (const [what, inner, expected] of table)
    it(what, () => assert.deepEqual(requestOf(inner), { ...NOTHING, ...expected }));

  it('has an id of its own, and may be flipped', () => {
    const { queryId, flips } = queryOf('<flip-page/>', "queryid='f27'");
    assert.deepEqual([queryId, flips], ['f27', true]);
    assert.deepEqual([queryOf('').queryId, queryOf('').flips], [undefined, false]);
    assert.equal(queryOf('', "queryid=''").queryId, '', 'what is given is given back ("Query results")');
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['a JID that is none', form(field('with', 'a@b@c')), 'jid-malformed'],
    ['two JIDs', form(field('with', 'a@b', 'c@d')), 'bad-request'],
    ['no time', form(field('start', '2010-06-07')), 'bad-request'],
    ['no time of any day', form(field('start', '2010-02-30T00:00:00Z')), 'bad-request'],
    ['a time without a zone', form(field('start', '2010-06-07T00:00:00')), 'bad-request'],
    ['neither true nor false', form(field('include-groupchat', 'maybe')), 'bad-request'],
    ['a field that nobody knows', form(field('{http://example.com/}free-text-search', 'x')), 'feature-not-implemented'],
    ['a field twice', form(field('with', 'a@b'), field('with', 'a@b')), 'bad-request'],
    ['a field without a name', form('<field><value>x</value></field>'), 'bad-request'],
    [
      'another form',
      "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>x</value></field></x>",
      'bad-request',
    ],
    ['a form that is not submitted', "<x xmlns='jabber:x:data' type='form'/>", 'bad-request'],
    ['an id that is not there', form(field('before-id', 'four')), 'item-not-found'],
    ['… in a list', form(field('ids', 'one', 'four')), 'item-not-found'],
    ['… that says nothing', form(field('ids', '')), 'item-not-found'],
    ['… of RSM', rsm('<after>four</after>'), 'item-not-found'],
    ['more ids than a page holds', form(field('ids', ...Array.from({ length: 51 }, () => 'one'))), 'policy-violation'],
    ['no number', rsm('<max>-1</max>'), 'bad-request'],
    ['a page by its index', rsm('<max>10</max><index>371</index>'), 'feature-not-implemented'],
  ];
  for (const [what, inner, condition] of refused)
    it(`refused: ${what}`, () =>
      assert.equal(
        conditionOf(() => requestOf(inner)),
        condition,
      ));
  it('refused: an id that would be told with each result, and is long', () => {
    assert.equal(queryOf('', `queryid='${'x'.repeat(1024)}'`).queryId?.length, 1024);
    assert.equal(
      conditionOf(() => queryOf('', `queryid='${'x'.repeat(1025)}'`)),
      'policy-violation',
    );
  });
  it('refused: the archive of a node', () =>
    assert.equal(
      conditionOf(() => queryOf('', "node='urn:x'")),
      'feature-not-implemented',
    ));

  it('property: whatever a form says, it is a request or a condition', () => {
    const names = fc.constantFrom(
      'with',
      'start',
      'end',
      'before-id',
      'after-id',
      'ids',
      'include-groupchat',
      'FORM_TYPE',
      'x',
    );
    const values = fc.array(
      fc.constantFrom('', 'one', 'a@b', 'true', '2010-06-07T00:00:00Z', '2010-13-45T99:00:00Z', '-1'),
      { maxLength: 3 },
    );
    const fields = fc.array(fc.tuple(names, values), { maxLength: 4 });
    fc.assert(
      fc.property(fields, fc.constantFrom('', 'one', '1', '-1', 'x'), (given, text) => {
        const inner = form(...given.map(([name, v]) => field(name, ...v)));
        conditionOf(() => requestOf(`${inner}${rsm(`<max>${text}</max><after>${text}</after>`)}`));
      }),
    );
  });
});

describe('what is said behind a page', () => {
  const entry = (id: string): ArchivedEntry => ({
    ...{ position: ids[id] as Position, committedAtMs: 0, envelope: new Uint8Array(0) },
  });
  const page = (entries: readonly string[], more: Partial<PageReply> = {}): PageReply => ({
    ...{ entries: entries.map(entry), complete: true, stable: true },
    ...more,
  });
  const table: readonly (readonly [string, string, PageReply, string])[] = [
    [
      'all there is',
      '',
      page(['one', 'two']),
      "<fin xmlns='urn:xmpp:mam:2' complete='true'><set><first index='0'>one</first><last>two</last><count>2</count></set></fin>",
    ],
    [
      'the first page',
      rsm('<max>1</max>'),
      page(['one'], { complete: false }),
      "<fin><set><first index='0'>one</first><last>one</last></set></fin>",
    ],
    [
      'the next one',
      rsm('<after>one</after>'),
      page(['two']),
      "<fin complete='true'><set><first>two</first><last>two</last></set></fin>",
    ],
    [
      'the last one',
      rsm('<before/>'),
      page(['three'], { complete: false }),
      '<fin><set><first>three</first><last>three</last></set></fin>',
    ],
    ['nothing', '', page([]), "<fin complete='true'><set><count>0</count></set></fin>"],
    [
      'the number',
      rsm('<max>0</max>'),
      page([], { complete: false, count: 800 }),
      '<fin><set><count>800</count></set></fin>',
    ],
    ['too many to be counted', rsm('<max>0</max>'), page([], { complete: false }), '<fin><set/></fin>'],
    [
      'not written yet',
      rsm('<after>one</after>'),
      page(['two'], { stable: false }),
      "<fin complete='true' stable='false'><set><first>two</first><last>two</last></set></fin>",
    ],
  ];
  for (const [what, inner, reply, expected] of table) {
    it(what, () => {
      const xml = serialize(finElement(queryOf(inner), reply, idOf)).replaceAll('"', "'");
      const plain = xml.replace(" xmlns='http://jabber.org/protocol/rsm'", '').replace(" xmlns='urn:xmpp:mam:2'", '');
      assert.equal(plain, expected.replace(" xmlns='urn:xmpp:mam:2'", ''));
    });
  }
});
