import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Element } from '@starling/xml';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { CommandError, EXIT } from '../exit-codes.ts';
import { NS } from './names.ts';

/** What stands in a file, in its order; one message, or one child of `<user/>`, at a time. */
export type PortableEvent =
  | { readonly kind: 'host'; readonly jid: string }
  | { readonly kind: 'user'; readonly name: string; readonly password: string | undefined }
  | { readonly kind: 'child' | 'archived' | 'offline'; readonly element: Element }
  | { readonly kind: 'user-end' }
  | { readonly kind: 'note'; readonly text: string };

type Include = { readonly kind: 'include'; readonly href: string; readonly place: Place };
/** Where in the document something stands; `other` is passed by. */
type Place = 'document' | 'server-data' | 'host' | 'user' | 'archive' | 'offline' | 'other';

/** Characters of one child of `<user/>`, of one message. */
const ELEMENT_CHARACTERS_MAX = 16 * 1024 * 1024;
const INCLUDES_DEPTH_MAX = 3;
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const XML = 'http://www.w3.org/XML/1998/namespace';

const CONTAINERS: readonly { in: readonly Place[]; ns: string; name: string; place: Place }[] = [
  { in: ['document'], ns: NS.pie, name: 'server-data', place: 'server-data' },
  { in: ['document', 'server-data'], ns: NS.pie, name: 'host', place: 'host' },
  { in: ['document', 'host'], ns: NS.pie, name: 'user', place: 'user' },
  { in: ['user'], ns: NS.archive, name: 'archive', place: 'archive' },
  { in: ['user'], ns: NS.pie, name: 'offline-messages', place: 'offline' },
];
/** Where elements are handed over as a whole, and as what. */
const WHOLE: Partial<Record<Place, 'child' | 'archived' | 'offline'>> = {
  user: 'child',
  archive: 'archived',
  offline: 'offline',
};

export interface ReadProgress {
  found(bytes: number): void;
  read(bytes: number): void;
}

/**
 * Reads a file of XEP-0227 and what it includes (§5), never more than one element at a time.
 * @throws CommandError when it cannot be read, or is not well-formed
 */
export async function* readPortable(
  path: string,
  progress: ReadProgress,
  depth = 0,
  place: Place = 'document',
): AsyncGenerator<PortableEvent> {
  const events: (PortableEvent | Include)[] = [];
  const parser = new FileParser(path, place, (event) => events.push(event));
  async function* drain(): AsyncGenerator<PortableEvent> {
    for (const event of events.splice(0)) {
      if (event.kind !== 'include') yield event;
      else if (depth >= INCLUDES_DEPTH_MAX) throw new CommandError(EXIT.data, `${path}: too many files within files`);
      else yield* readPortable(resolve(dirname(path), event.href), progress, depth + 1, event.place);
    }
  }
  progress.found(await sizeOf(path));
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    parser.write(chunk);
    yield* drain();
    progress.read(chunk.length);
  }
  parser.end();
  yield* drain();
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new CommandError(EXIT.data, `${path} cannot be read`, { cause });
  }
}

interface Open {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Record<string, string>;
  readonly children: (Element | string)[];
}

class FileParser {
  readonly #path: string;
  readonly #emit: (event: PortableEvent | Include) => void;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #parser = new SaxesParser({ xmlns: true, position: true });
  readonly #places: Place[];
  /** The elements that are open within what is handed over as a whole. */
  readonly #open: Open[] = [];
  #startedAt = 0;

  constructor(path: string, place: Place, emit: (event: PortableEvent | Include) => void) {
    this.#path = path;
    this.#emit = emit;
    // An included file has one element of what stands where it is included.
    this.#places = [place];
    this.#parser.on('error', (error) => {
      throw new CommandError(EXIT.data, `${path}: ${error.message}`);
    });
    this.#parser.on('opentag', (tag) => this.#opened(tag));
    this.#parser.on('closetag', () => this.#closed());
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
  }

  write(chunk: Buffer): void {
    this.#parser.write(this.#decode(chunk, true));
    if (this.#open.length > 0 && this.#parser.position - this.#startedAt > ELEMENT_CHARACTERS_MAX)
      throw new CommandError(EXIT.data, `${this.#path}: an element is too long`);
  }

  end(): void {
    this.#parser.write(this.#decode(Buffer.alloc(0), false));
    this.#parser.close();
  }

  #decode(chunk: Buffer, stream: boolean): string {
    try {
      return this.#decoder.decode(chunk, { stream });
    } catch (cause) {
      throw new CommandError(EXIT.data, `${this.#path} is not in UTF-8`, { cause });
    }
  }

  get #place(): Place {
    return this.#places.at(-1) ?? 'other';
  }

  #opened({ local, uri, attributes }: SaxesTagNS): void {
    const attrs: Record<string, string> = {};
    for (const { uri: ns, local: name, value } of Object.values(attributes)) {
      if (ns === XMLNS) continue;
      attrs[ns === '' ? name : ns === XML ? `xml:${name}` : `{${ns}}${name}`] = value;
    }
    const place = this.#place;
    if (this.#open.length > 0) this.#open.push({ name: local, ns: uri, attrs, children: [] });
    else if (uri === NS.include && local === 'include') this.#include(place, attrs);
    else this.#enter(place, { name: local, ns: uri, attrs, children: [] });
  }

  #enter(place: Place, element: Open): void {
    const { name, ns, attrs } = element;
    const container = CONTAINERS.find((c) => c.in.includes(place) && c.ns === ns && c.name === name);
    if (container) {
      this.#places.push(container.place);
      if (container.place === 'host') this.#emit({ kind: 'host', jid: attrs.jid ?? '' });
      if (container.place === 'user') this.#emit({ kind: 'user', name: attrs.name ?? '', password: attrs.password });
    } else if (WHOLE[place]) {
      this.#startedAt = this.#parser.position;
      this.#open.push(element);
    } else {
      if (place !== 'other') this.#emit({ kind: 'note', text: `<${name} xmlns='${ns}'/> is passed by` });
      this.#places.push('other');
    }
  }

  /** §5: relative, whole, and not within what users have stored. */
  #include(place: Place, { href = '', parse, xpointer }: Record<string, string>): void {
    this.#places.push('other');
    const isOurs =
      href !== '' && parse === undefined && xpointer === undefined && !isAbsolute(href) && !/^[a-z]+:/i.test(href);
    if (isOurs) this.#emit({ kind: 'include', href: decoded(href), place });
    else this.#emit({ kind: 'note', text: `what '${href}' would include is passed by` });
  }

  #closed(): void {
    const element = this.#open.pop();
    if (element === undefined) {
      if (this.#places.pop() === 'user') this.#emit({ kind: 'user-end' });
      return;
    }
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      parent.children.push(element);
      return;
    }
    const kind = WHOLE[this.#place];
    if (kind) this.#emit({ kind, element });
  }

  #text(text: string): void {
    const children = this.#open.at(-1)?.children;
    if (children === undefined || text === '') return;
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + text;
    else children.push(text);
  }
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    // Policy: what is no URI is a name of a file all the same.
    return href;
  }
}
