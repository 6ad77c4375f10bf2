import type { Element } from '@starling/xml';
import type { Session } from './session.ts';

type PromiseOrDirect<T> = T | Promise<T>;

/** What a client may ask for together with its resource (XEP-0386). One of both, or both. */
export interface BindInline {
  /** Before the resource is bound: what it sets for the session holds from the beginning, on all edges. */
  readonly before?: (session: Session, request: Element) => void;
  /** When it is bound and nothing has come to it yet: what it returns stands in `<bound/>`. */
  readonly after?: (session: Session, request: Element) => PromiseOrDirect<Element | undefined>;
}

/** Something that every client is told which binds by XEP-0386; undefined: nothing this time. */
export type BoundNotice = (session: Session) => PromiseOrDirect<Element | undefined>;

const keyOf = (ns: string, name: string): string => `${ns} ${name}`;

/** What Bind 2 can do beside binding: filled while features are set up. */
export class BindTable {
  readonly #inlines = new Map<string, BindInline>();
  readonly #features = new Set<string>();
  readonly #notices: BoundNotice[] = [];

  /** @throws Error when it is there already */
  add(ns: string, name: string, inline: BindInline): void {
    const key = keyOf(ns, name);
    if (this.#inlines.has(key)) throw new Error(`two handlers for ${key} in a bind`);
    this.#inlines.set(key, inline);
    this.#features.add(ns);
  }

  addNotice(notice: BoundNotice): void {
    this.#notices.push(notice);
  }

  /** Names of what may be asked for. */
  get features(): readonly string[] {
    return [...this.#features];
  }

  get notices(): readonly BoundNotice[] {
    return this.#notices;
  }

  find(ns: string, name: string): BindInline | undefined {
    return this.#inlines.get(keyOf(ns, name));
  }
}
