import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RosterItem } from '@starling/contracts';
import type { FullJid } from '@starling/jid';
import { el, NS, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { readVersion, writeVersion } from './roster-version.ts';
import { itemElement, pushStanza, readItem } from './roster-xml.ts';

const ITEM: RosterItem = {
  ...{ jid: 'juliet@example.com', name: '', groups: [], subscription: 0, ask: false, approved: false, removed: false },
};
const item = (attrs: Record<string, string>, ...children: Element[]) => el('item', NS.roster, attrs, ...children);
const query = (...children: Element[]) => el('query', NS.roster, {}, ...children);
const group = (text: string) => el('group', NS.roster, {}, text);

describe('RFC 6121 §2.1.2 an item as a client sees it', () => {
  const rows: readonly (readonly [string, Partial<RosterItem>, Record<string, string>])[] = [
    ['the subscription is always said', {}, { subscription: 'none' }],
    ['§2.1.2.2 ask', { ask: true, subscription: 2 }, { subscription: 'from', ask: 'subscribe' }],
    ['§2.1.2.1 approved', { approved: true, subscription: 1 }, { subscription: 'to', approved: 'true' }],
    ['§2.1.2.4 name', { name: '朱丽叶', subscription: 3 }, { subscription: 'both', name: '朱丽叶' }],
    ['§2.1.6 one that goes', { removed: true, name: 'x' }, { subscription: 'remove' }],
  ];
  for (const [title, more, attrs] of rows) {
    it(title, () => assert.deepEqual(itemElement({ ...ITEM, ...more }).attrs, { jid: ITEM.jid, ...attrs }));
  }
  it('§2.1.2.6 groups', () => {
    assert.deepEqual(
      itemElement({ ...ITEM, groups: ['a', '朋友'] }).children.map((c) => (typeof c === 'string' ? c : c.children)),
      [['a'], ['朋友']],
    );
  });
  it('§2.1.6 a push has one item, no from, and an id of its own', () => {
    const pushes = [1, 2].map(() => pushStanza('romeo@example.net/a' as FullJid, { lineage: 'x', number: 3 }, ITEM));
    const [first, second] = pushes;
    assert.notEqual(first?.id, second?.id);
    assert.deepEqual([first?.type, first?.from, first?.to], ['set', '', 'romeo@example.net/a']);
    assert.equal(first?.child(NS.roster, 'query')?.attrs.ver, 'x.3');
  });
});

describe('RFC 6121 §2.1.5 a roster set', () => {
  it('name, groups, remove; what a client may not say is not read', () => {
    const read = readItem(
      query(
        item(
          { jid: 'Juliet@Example.com', name: 'J', subscription: 'both', ask: 'subscribe', approved: 'true' },
          group('a'),
          el('group', 'other', {}, 'b'),
        ),
      ),
    );
    assert.deepEqual(read, { ...ITEM, name: 'J', groups: ['a'] });
    assert.equal(readItem(query(item({ jid: 'a@b', subscription: 'remove' }))).removed, true);
  });
  const refused: readonly (readonly [string, Element, string])[] = [
    ['§2.3.3 two items', query(item({ jid: 'a@b' }), item({ jid: 'c@d' })), 'bad-request'],
    ['no item', query(), 'bad-request'],
    ['something else', query(el('x', NS.roster, { jid: 'a@b' })), 'bad-request'],
    ['§2.1.2.3 no JID', query(item({})), 'bad-request'],
    ['no address', query(item({ jid: 'a b@c' })), 'jid-malformed'],
  ];
  for (const [title, element, condition] of refused) {
    it(`${title}: ${condition}`, () =>
      assert.throws(
        () => readItem(element),
        (error) => error instanceof StanzaError && error.condition === condition,
      ));
  }
});

describe('RFC 6121 §2.1.1 versions', () => {
  it('what was written is read, anything else is none', () => {
    const version = { lineage: 'a1', number: 12 };
    assert.deepEqual(readVersion(writeVersion(version)), version);
    for (const text of [undefined, '', 'ver14', '7', 'x.', '.7', 'x.-1', 'a.b.1', `x.${'9'.repeat(40)}`])
      assert.equal(readVersion(text), undefined, text);
  });
});
