import { type Jid, JidError, parseJid } from '@starling/jid';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { parseDateTime } from './date-time.ts';
import { NS } from './ns.ts';

/** What a client wants of the archive ("Filtering results"); undefined: no such filter. */
export interface MamFilter {
  /** Prepared. */
  readonly with: Jid | undefined;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly beforeId: string | undefined;
  readonly afterId: string | undefined;
  readonly ids: readonly string[];
}

const FORM_TYPE = 'FORM_TYPE';
const FIELDS = ['with', 'start', 'end', 'before-id', 'after-id', 'ids', 'include-groupchat'] as const;
const isField = (name: string): boolean => (FIELDS as readonly string[]).includes(name);
const BOOLEANS: ReadonlySet<string> = new Set(['true', 'false', '1', '0']); // XEP-0004 §3.3

/**
 * The filter in a submitted form; of no form, none.
 * @throws StanzaError bad-request; jid-malformed; feature-not-implemented: a field that nobody knows ("Retrieving form fields")
 */
export function parseForm(form: Element | undefined): MamFilter {
  const fields = form === undefined ? new Map<string, readonly string[]>() : fieldsOf(form);
  const groupchat = single(fields, 'include-groupchat');
  // An account's archive has no groupchat: whichever is asked for, there is nothing else to give.
  if (groupchat !== undefined && !BOOLEANS.has(groupchat))
    throw new StanzaError('bad-request', 'include-groupchat is neither true nor false');
  const jid = single(fields, 'with');
  return {
    with: jid === undefined ? undefined : readJid(jid),
    startMs: readTime(single(fields, 'start')),
    endMs: readTime(single(fields, 'end')),
    beforeId: single(fields, 'before-id'),
    afterId: single(fields, 'after-id'),
    ids: fields.get('ids') ?? [],
  };
}

/** The form that tells which fields there are ("Retrieving form fields"). */
export function formElement(): Element {
  const field = (name: string, type: string, ...children: Element[]) =>
    el('field', NS.form, { var: name, type }, ...children);
  return el(
    'x',
    NS.form,
    { type: 'form' },
    field(FORM_TYPE, 'hidden', el('value', NS.form, {}, NS.mam)),
    field('with', 'jid-single'),
    field('start', 'text-single'),
    field('end', 'text-single'),
    field('before-id', 'text-single'),
    field('after-id', 'text-single'),
    // The list of all ids would be the archive: it is open to others than those that are told, which are none.
    field('ids', 'list-multi', el('validate', NS.validate, { datatype: 'xs:string' }, el('open', NS.validate))),
    field('include-groupchat', 'boolean'),
  );
}

function fieldsOf(form: Element): ReadonlyMap<string, readonly string[]> {
  if (form.attrs.type !== 'submit') throw new StanzaError('bad-request', 'the form is not submitted');
  const fields = new Map<string, readonly string[]>();
  for (const field of elementsOf(form, 'field')) {
    const { var: name } = field.attrs;
    if (name === undefined || fields.has(name))
      throw new StanzaError('bad-request', 'a field without a name, or two of one');
    fields.set(name, elementsOf(field, 'value').map(textOf));
  }
  if (fields.get(FORM_TYPE)?.[0] !== NS.mam) throw new StanzaError('bad-request', `a form that is not ${NS.mam}`);
  fields.delete(FORM_TYPE);
  for (const name of fields.keys())
    if (!isField(name)) throw new StanzaError('feature-not-implemented', `the field ${name}`);
  return fields;
}

/** A field that says nothing is as good as none. */
function single(fields: ReadonlyMap<string, readonly string[]>, name: (typeof FIELDS)[number]): string | undefined {
  const [value = '', ...others] = fields.get(name) ?? [];
  if (others.length > 0) throw new StanzaError('bad-request', `two values of ${name}`);
  return value === '' ? undefined : value;
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const atMs = parseDateTime(text);
  if (atMs === undefined)
    throw new StanzaError('bad-request', 'a time that is not in the DateTime profile of XEP-0082');
  return atMs;
}

function readJid(text: string): Jid {
  try {
    return parseJid(text);
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause;
    throw new StanzaError('jid-malformed', cause.reason, { cause });
  }
}

const elementsOf = ({ children }: Element, name: string): readonly Element[] =>
  children.filter((c): c is Element => typeof c !== 'string' && c.ns === NS.form && c.name === name);
const textOf = ({ children }: Element): string =>
  children
    .filter((c) => typeof c === 'string')
    .join('')
    .trim();
