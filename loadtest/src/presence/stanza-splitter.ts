/** Enough for a roster of 1,000 items. */
const REST_CHARS_MAX = 1_048_576;
const STREAM_OPEN = 'stream:stream';
const DECLARATION = '?xml';

/**
 * Cuts what a server sends into first-level elements, as cheaply as it can: it takes for granted that the server writes well-formed XML, escapes
 * `<` everywhere, and puts no element into another one of the same name.
 */
export class StanzaSplitter {
  #rest = '';

  /** The elements that are whole now, in order; headers of streams are left out. @throws RangeError when one does not end */
  push(chunk: string): readonly string[] {
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    const stanzas: string[] = [];
    let from = 0;
    for (let start = text.indexOf('<'); start >= 0; start = text.indexOf('<', from)) {
      const end = endOf(text, start);
      if (end < 0) break;
      const stanza = text.slice(start, end);
      if (!isHeader(stanza)) stanzas.push(stanza);
      from = end;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > REST_CHARS_MAX) throw new RangeError(`endless: ${this.#rest.slice(0, 200)}`);
    return stanzas;
  }
}

/** Where the element that begins at `start` ends; -1 when that has not come yet. */
function endOf(text: string, start: number): number {
  const tagEnd = text.indexOf('>', start);
  if (tagEnd < 0) return -1;
  const isWhole =
    text.charAt(tagEnd - 1) === '/' || text.charAt(start + 1) === '/' || isHeader(text.slice(start, tagEnd));
  if (isWhole) return tagEnd + 1;
  const [name = ''] = /^[^\s/>]+/.exec(text.slice(start + 1, tagEnd)) ?? [];
  const closing = `</${name}>`;
  const at = text.indexOf(closing, tagEnd);
  return at < 0 ? -1 : at + closing.length;
}

const isHeader = (stanza: string) => stanza.startsWith(STREAM_OPEN, 1) || stanza.startsWith(DECLARATION, 1);
