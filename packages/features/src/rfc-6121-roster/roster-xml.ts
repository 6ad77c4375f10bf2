import { randomBytes } from 'node:crypto';
import type { RosterItem, RosterVersion } from '@starling/contracts';
import { type FullJid, tryParseJid } from '@starling/jid';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { writeVersion } from './roster-version.ts';

/** Unpredictable: nobody else may answer a push. */
const PUSH_ID_BYTES = 9;

/** By SUBSCRIPTION. */
const SUBSCRIPTION_NAMES = ['none', 'to', 'from', 'both'] as const;

/** RFC 6121 §2.1.2; of an item that goes only the JID is said (§2.6.3). */
export function itemElement(item: RosterItem): Element {
  if (item.removed) return el('item', NS.roster, { jid: item.jid, subscription: 'remove' });
  const attrs = {
    jid: item.jid,
    ...(item.name !== '' && { name: item.name }),
    subscription: SUBSCRIPTION_NAMES[item.subscription],
    ...(item.ask && { ask: 'subscribe' }),
    ...(item.approved && { approved: 'true' }),
  };
  return el('item', NS.roster, attrs, ...item.groups.map((group) => el('group', NS.roster, {}, group)));
}

/** The version also for who did not ask for it (§2.6.3, the last paragraph); undefined where there is none to be told. */
export const queryElement = (version: RosterVersion | undefined, items: readonly RosterItem[]): Element =>
  el('query', NS.roster, version === undefined ? {} : { ver: writeVersion(version) }, ...items.map(itemElement));

/** §2.1.6: without a `from`, so from the user's own account. */
export const pushStanza = (to: FullJid, version: RosterVersion | undefined, item: RosterItem): Stanza =>
  Stanza.build(
    'iq',
    { type: 'set', id: randomBytes(PUSH_ID_BYTES).toString('base64url'), to },
    queryElement(version, [item]),
  );

const isElement = (child: Element | string): child is Element => typeof child !== 'string';
const textOf = (element: Element) => element.children.filter((c) => typeof c === 'string').join('');

/**
 * The item of a roster set (§2.1.5); what a client may not set is not read (§2.1.2).
 * @throws StanzaError bad-request, jid-malformed
 */
export function readItem(query: Element): RosterItem {
  const [item, ...more] = query.children.filter(isElement);
  if (item === undefined || more.length > 0 || item.ns !== NS.roster || item.name !== 'item')
    throw new StanzaError('bad-request', 'a roster set has exactly one item'); // §2.3.3
  const { jid: text, name = '', subscription } = item.attrs;
  if (text === undefined) throw new StanzaError('bad-request', 'an item needs a JID'); // §2.1.2.3
  const jid = tryParseJid(text);
  if (jid === undefined) throw new StanzaError('jid-malformed');
  const groups = item.children.filter(isElement).filter((c) => c.ns === NS.roster && c.name === 'group');
  return {
    jid,
    name,
    groups: groups.map(textOf),
    removed: subscription === 'remove',
    ...{ subscription: 0, ask: false, approved: false },
  };
}
