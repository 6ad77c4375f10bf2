import type { Element } from '@starling/xml';
import { el } from './build.ts';
import { CONDITIONS, type Condition, ERROR_TYPES, type ErrorType, isCondition } from './conditions.ts';
import { NS } from './ns.ts';

export interface StanzaErrorOptions {
  /** Instead of the type that goes with the condition. */
  readonly type?: ErrorType;
  /** A condition of the application's own (RFC 6120 §8.3.4). */
  readonly app?: Element;
  /** The entity that found the fault (§8.3.1). */
  readonly by?: string;
  readonly cause?: unknown;
}

/** A stanza that is refused: expected, and told to its sender (RFC 6120 §8.3). `text` goes out too, so it holds no secrets. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError';
  readonly condition: Condition;
  readonly type: ErrorType;
  readonly text: string;
  readonly app: Element | undefined;
  readonly by: string;

  constructor(condition: Condition, text = '', { type, app, by, cause }: StanzaErrorOptions = {}) {
    super(text === '' ? condition : `${condition}: ${text}`, cause === undefined ? undefined : { cause });
    this.condition = condition;
    this.type = type ?? CONDITIONS[condition];
    this.text = text;
    this.app = app;
    this.by = by ?? '';
  }

  /** `<error/>` in jabber:client. */
  toElement(): Element {
    const { type, by } = this;
    const content = errorContent(NS.stanzas, this.condition, this.text, this.app);
    return el('error', NS.client, by === '' ? { type } : { by, type }, ...content);
  }
}

/** What stanza and stream errors have inside: condition, text, the application's own condition (§8.3.2, §4.9.2). */
export function errorContent(
  ns: string,
  condition: string,
  text: string,
  app: Element | undefined,
): readonly Element[] {
  const content = [el(condition, ns)];
  if (text !== '') content.push(el('text', ns, { 'xml:lang': 'en' }, text));
  if (app !== undefined) content.push(app);
  return content;
}

/**
 * The inverse of toElement, for what others send: an unknown condition is undefined-condition (§8.3.2), an unknown type the
 * one that goes with the condition.
 */
export function parseStanzaError(error: Element): StanzaError {
  const parts = error.children.filter((c): c is Element => typeof c !== 'string');
  const name = parts.find((p) => p.ns === NS.stanzas && p.name !== 'text')?.name ?? '';
  const text = parts.find((p) => p.ns === NS.stanzas && p.name === 'text');
  const app = parts.find((p) => p.ns !== NS.stanzas);
  const type = ERROR_TYPES.find((t) => t === error.attrs.type);
  return new StanzaError(
    isCondition(name) ? name : 'undefined-condition',
    text?.children.filter((c) => typeof c === 'string').join('') ?? '',
    { ...(type && { type }), ...(app && { app }), by: error.attrs.by ?? '' },
  );
}

/** One row: condition, text, and the name of the application's own condition if there is one. */
export type ErrorRow = readonly [condition: Condition, text: string, app?: string];

/**
 * A feature's own errors, beside it: each name becomes a function that makes the error anew.
 * @param ns namespace of the applications' own conditions
 */
export function errorTable<T extends Readonly<Record<string, ErrorRow>>>(
  ns: string,
  rows: T,
): { readonly [K in keyof T]: (opts?: { readonly cause?: unknown }) => StanzaError } {
  const made = Object.entries(rows).map(([key, [condition, text, app]]) => {
    const element = app === undefined ? undefined : el(app, ns);
    return [
      key,
      (opts = {}) => new StanzaError(condition, text, { ...opts, ...(element && { app: element }) }),
    ] as const;
  });
  return Object.freeze(Object.fromEntries(made)) as ReturnType<typeof errorTable<T>>;
}
