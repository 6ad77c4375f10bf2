import { tryParseJid } from '@starling/jid';
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
  /** The client's address, '' when it gave none that could be read. */
  readonly to: string;
  readonly lang: string;
}

const DEFAULT_LANG = 'en';
/** RFC 6120 §4.7.4 asks for a language tag (RFC 5646); anything else is not repeated. */
const LANGUAGE_TAG = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;

/** What to answer to a client's header, whether it is accepted or not (RFC 6120 §4.9.1.2: an error comes behind a header). */
export function replyToHeader({ attrs }: ClientHeader): HeaderReply {
  const from = attrs.from === undefined ? undefined : tryParseJid(attrs.from);
  const lang = attrs['xml:lang'] ?? '';
  return { to: from ?? '', lang: LANGUAGE_TAG.test(lang) ? lang : DEFAULT_LANG };
}

/**
 * Whether a client's header opens a stream to this domain (RFC 6120 §4.7, §4.8; RFC 7395 §3.4).
 * @throws StreamError bad-format, invalid-namespace, unsupported-version, improper-addressing, host-unknown
 */
export function checkHeader(header: ClientHeader, framing: 'stream' | 'message', domain: string): void {
  if (framing === 'stream') {
    if (header.ns !== NS.streams) throw new StreamError('invalid-namespace');
    if (header.name !== 'stream') throw new StreamError('bad-format');
    if (header.scope[''] !== NS.client) throw new StreamError('invalid-namespace'); // §4.8.2, §4.9.3.10
  } else {
    if (header.ns !== NS.framing) throw new StreamError('invalid-namespace');
    if (header.name !== 'open') throw new StreamError('bad-format');
  }
  checkVersion(header.attrs.version);
  const to = header.attrs.to;
  if (to === undefined || to === '') throw new StreamError('host-unknown'); // §4.9.1.3
  const addressed = tryParseJid(to);
  if (addressed === undefined) throw new StreamError('improper-addressing'); // §4.9.3.7
  if (addressed !== domain) throw new StreamError('host-unknown');
}

/** §4.7.5: major.minor, each an integer; what is not XMPP 1.x cannot be spoken with. */
function checkVersion(version: string | undefined): void {
  const major = /^(\d+)\.\d+$/.exec(version ?? '')?.[1];
  if (major === undefined || Number(major) < 1) throw new StreamError('unsupported-version');
}
