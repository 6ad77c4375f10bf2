import { parseElement, XmlError } from '@starling/xml';

const NS = { client: 'jabber:client' } as const;
/** What is kept of a status. */
const STATUS_CHARS_MAX = 1_024;

/** The first `<status/>` of a presence, as its emission carries it; '' when it has none (XEP-0012 §4). */
export function statusOf(presence: Uint8Array): string {
  if (presence.length === 0) return '';
  try {
    const { children } = parseElement(Buffer.concat([Buffer.from('<presence'), presence]), { '': NS.client });
    for (const child of children) {
      if (typeof child === 'string' || child.name !== 'status' || child.ns !== NS.client) continue;
      const text = child.children.filter((c) => typeof c === 'string').join('');
      // By code points: half a character is none.
      return text.length <= STATUS_CHARS_MAX ? text : [...text].slice(0, STATUS_CHARS_MAX).join('');
    }
  } catch (error) {
    // Policy: an edge has written it; when it cannot be read after all, when he left is still worth telling.
    if (!(error instanceof XmlError)) throw error;
  }
  return '';
}
