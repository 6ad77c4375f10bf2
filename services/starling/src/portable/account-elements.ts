import {
  ARCHIVE_DEFAULT,
  type ArchiveDefault,
  type PrivateXml,
  type RosterItem,
  type ScramKeys,
  SUBSCRIPTION,
} from '@starling/contracts';
import { el } from '@starling/stanza';
import { type Element, parseElement } from '@starling/xml';
import { NS } from './names.ts';

/** What a file has of an account, beside its messages. */
export interface PortableAccount {
  readonly keys: readonly ScramKeys[];
  readonly items: readonly RosterItem[];
  /** Subscription requests that wait, as stanzas, the oldest first. */
  readonly requests: readonly Uint8Array[];
  readonly vcard: Uint8Array | undefined;
  readonly privateXml: readonly PrivateXml[];
  readonly blocked: readonly string[];
  /** Undefined when they were never changed. */
  readonly preferences: PortablePreferences | undefined;
}

export interface PortablePreferences {
  readonly fallback: ArchiveDefault;
  readonly always: readonly string[];
  readonly never: readonly string[];
}

export const SUBSCRIPTION_NAMES = Object.keys(SUBSCRIPTION) as readonly (keyof typeof SUBSCRIPTION)[];
export const FALLBACK_NAMES = Object.keys(ARCHIVE_DEFAULT) as readonly (keyof typeof ARCHIVE_DEFAULT)[];
/** The one privacy list that says what a block list says (XEP-0191 §5). */
const LIST = 'blocked';

/** The children of `<user/>` in which an account is written, always in one order. */
export function elementsOf(account: PortableAccount): readonly Element[] {
  const { keys, items, requests, vcard, privateXml, blocked, preferences } = account;
  return [
    ...keys.map(credentials),
    el('query', NS.roster, {}, ...[...items].sort(byJid).map(rosterItem)),
    ...requests.map((stanza) => parseElement(stanza, { '': NS.client })),
    ...(vcard === undefined ? [] : [parseElement(vcard)]),
    ...(privateXml.length === 0
      ? []
      : [el('query', NS.private, {}, ...privateXml.map(({ xml }) => parseElement(xml)))]),
    ...(blocked.length === 0 ? [] : [privacy(blocked)]),
    ...(preferences === undefined ? [] : [prefs(preferences)]),
  ];
}

// By code units: the same everywhere, whatever the language of the machine.
const byJid = (a: RosterItem, b: RosterItem): number => (a.jid < b.jid ? -1 : 1);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function credentials({ mechanism, salt, iterations, storedKey, serverKey }: ScramKeys): Element {
  const part = (name: string, text: string) => el(name, NS.scram, {}, text);
  return el(
    'scram-credentials',
    NS.scram,
    { mechanism },
    part('iter-count', String(iterations)),
    part('salt', base64(salt)),
    part('server-key', base64(serverKey)),
    part('stored-key', base64(storedKey)),
  );
}

function rosterItem({ jid, name, groups, subscription, ask, approved }: RosterItem): Element {
  const attrs = {
    jid,
    ...(name !== '' && { name }),
    subscription: SUBSCRIPTION_NAMES[subscription] ?? 'none',
    ...(ask && { ask: 'subscribe' }),
    ...(approved && { approved: 'true' }),
  };
  return el('item', NS.roster, attrs, ...groups.map((group) => el('group', NS.roster, {}, group)));
}

function privacy(blocked: readonly string[]): Element {
  const items = blocked.map((value, index) =>
    el('item', NS.privacy, { type: 'jid', value, action: 'deny', order: String(index + 1) }),
  );
  return el(
    'query',
    NS.privacy,
    {},
    el('default', NS.privacy, { name: LIST }),
    el('list', NS.privacy, { name: LIST }, ...items),
  );
}

function prefs({ fallback, always, never }: PortablePreferences): Element {
  const list = (name: string, jids: readonly string[]) =>
    el(name, NS.mam, {}, ...jids.map((jid) => el('jid', NS.mam, {}, jid)));
  const attrs = { default: FALLBACK_NAMES[fallback] ?? 'always' };
  return el('prefs', NS.mam, attrs, list('always', always), list('never', never));
}
