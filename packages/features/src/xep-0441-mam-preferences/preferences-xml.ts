import { ARCHIVE_DEFAULT, type ArchiveDefault, type ArchivePreferences } from '@starling/contracts';
import { type Jid, JidError, parseJid } from '@starling/jid';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { mam: 'urn:xmpp:mam:2' } as const;

const isDefault = (text: string | undefined): text is keyof typeof ARCHIVE_DEFAULT =>
  text !== undefined && Object.hasOwn(ARCHIVE_DEFAULT, text);
const NAMES = Object.entries(ARCHIVE_DEFAULT) as readonly [string, ArchiveDefault][];
const nameOf = (fallback: ArchiveDefault): string => NAMES.find(([, value]) => value === fallback)?.[0] ?? 'always';

/**
 * What a set asks for; a list that is missing is empty ("Always archive", "Never archive").
 * @throws StanzaError bad-request, jid-malformed
 */
export function parsePreferences(prefs: Element): Pick<ArchivePreferences, 'fallback' | 'always' | 'never'> {
  const { default: fallback } = prefs.attrs;
  if (!isDefault(fallback)) throw new StanzaError('bad-request', 'the default is none of always, never, roster');
  return { fallback: ARCHIVE_DEFAULT[fallback], always: jidsIn(prefs, 'always'), never: jidsIn(prefs, 'never') };
}

/** Both lists are there, empty or not. */
export function preferencesElement({ fallback, always, never }: ArchivePreferences): Element {
  const list = (name: string, jids: readonly string[]) =>
    el(name, NS.mam, {}, ...jids.map((jid) => el('jid', NS.mam, {}, jid)));
  return el('prefs', NS.mam, { default: nameOf(fallback) }, list('always', always), list('never', never));
}

function jidsIn(prefs: Element, name: string): readonly Jid[] {
  const [list, ...others] = childrenOf(prefs, name);
  if (others.length > 0) throw new StanzaError('bad-request', `two lists ${name}`);
  if (list === undefined) return [];
  return [...new Set(childrenOf(list, 'jid').map(({ children }) => readJid(children.join(''))))];
}

const childrenOf = ({ children }: Element, name: string): readonly Element[] =>
  children.filter((c): c is Element => typeof c !== 'string' && c.ns === NS.mam && c.name === name);

function readJid(text: string): Jid {
  try {
    return parseJid(text.trim());
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause;
    throw new StanzaError('jid-malformed', cause.reason, { cause });
  }
}
