import { type BareJid, bareOf, tryParseJid } from '@starling/jid';
import { NS, StreamError } from '@starling/stanza';

/** The opening tag of a client's stream, or its `<open/>`. */
export interface ClientHeader {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly scope: Readonly<Record<string, string>>;
}

/** What the server's own header repeats, known as far as the client's could be read. */
export interface HeaderReply {
  /** Who the client says it is, '' when it does not, or not in a way that can be read. */
  readonly to: BareJid | '';
  readonly lang: string;
  /** '' for a client that gave none: it does not know the attribute (RFC 6120 §4.7.5). */
  readonly version: '1.0' | '';
}

/** The language of the texts in our errors. */
const OWN_LANG = 'en';
const OWN_LANG_TAG = /^en(-|$)/i;
/** RFC 5646, as far as its form goes. */
const LANGUAGE_TAG = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;
const VERSION = /^(\d+)\.\d+$/;
/** Namespaces that a client may make the default of its stream; with the latter, each stanza declares its own (§4.8.2). */
const DEFAULT_NAMESPACES: ReadonlySet<string> = new Set([NS.client, NS.streams, '']);

/** What goes out before the client's header has come. */
export const NO_HEADER: HeaderReply = { to: '', lang: OWN_LANG, version: '1.0' };

/** What to answer to a client's header, whether it is accepted or not (RFC 6120 §4.9.1.2: an error comes behind a header). */
export function replyToHeader({ attrs }: ClientHeader): HeaderReply {
  const from = tryParseJid(attrs.from ?? '');
  const lang = attrs['xml:lang'] ?? '';
  return {
    to: from === undefined ? '' : bareOf(from), // §4.7.2
    lang: OWN_LANG_TAG.test(lang) && LANGUAGE_TAG.test(lang) ? lang : OWN_LANG, // §4.7.4: only a language that we write
    version: attrs.version === undefined ? '' : '1.0',
  };
}

/** The language of what the client writes, '' when it does not say (§4.7.4). */
export function languageOf({ attrs }: ClientHeader): string {
  const lang = attrs['xml:lang'] ?? '';
  return LANGUAGE_TAG.test(lang) ? lang : '';
}

/**
 * Whether a client's header opens a stream to this domain (RFC 6120 §4.7, §4.8; RFC 7395 §3.4).
 * @throws StreamError bad-format, invalid-namespace, unsupported-version, improper-addressing, host-unknown
 */
export function checkHeader(header: ClientHeader, framing: 'stream' | 'message', domain: string): void {
  if (framing === 'stream') {
    if (header.ns !== NS.streams) throw new StreamError('invalid-namespace'); // §4.8.1
    if (header.name !== 'stream') throw new StreamError('bad-format');
    if (!DEFAULT_NAMESPACES.has(header.scope[''] ?? '')) throw new StreamError('invalid-namespace'); // §4.9.3.10
  } else {
    if (header.ns !== NS.framing) throw new StreamError('invalid-namespace'); // RFC 7395 §3.3.2
    if (header.name !== 'open') throw new StreamError('bad-format');
  }
  // §4.7.5: major.minor, each an integer; who speaks a later version speaks 1.0 too.
  const major = VERSION.exec(header.attrs.version ?? '')?.[1];
  if (major === undefined || Number(major) < 1) throw new StreamError('unsupported-version');
  const to = header.attrs.to;
  if (to === undefined || to === '') throw new StreamError('host-unknown'); // §4.9.1.3
  const addressed = tryParseJid(to);
  if (addressed === undefined) throw new StreamError('improper-addressing'); // §4.9.3.7
  if (addressed !== domain) throw new StreamError('host-unknown');
}
