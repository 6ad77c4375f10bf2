import type { BareJid } from '@starling/jid';
import type { Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import type { Session } from './session.ts';

/**
 * Whom a request is for: the server's domain, the sender's own account, or another account of the domain, for which the server
 * answers (RFC 6121 §8.5.2.1.3). Without a `to` it is for the server or the own account.
 */
export type Target = 'server' | 'account' | 'another-account';

export interface IqRequest {
  readonly stanza: Stanza;
  /** The one child of the request. */
  readonly payload: Element;
  readonly session: Session;
  readonly target: Target;
  /** Whose account is asked; for the server, the sender's own. Nobody has looked whether another one exists. */
  readonly account: BareJid;
  /** For what has to follow the answer: called when that is written, not when it is an error. */
  readonly onAnswered: (work: () => void) => void;
}

/** A request on a stream that has not authenticated yet. */
export interface StreamIqRequest {
  readonly stanza: Stanza;
  readonly payload: Element;
  /** The domain that the stream was opened to. */
  readonly domain: string;
  readonly secure: boolean;
  readonly peerAddress: string;
  readonly loopback: boolean;
}

/** The payload of the result (undefined: an empty result), or a thrown StanzaError. Only the dispatcher writes replies. */
export type IqAnswer = Element | undefined;
export type IqHandler<R> = (request: R) => IqAnswer | Promise<IqAnswer>;

interface Route {
  readonly handler: IqHandler<IqRequest>;
  readonly at: readonly Target[];
}

/** Where a request without a `to` may go. */
const isOwn = (target: Target) => target !== 'another-account';
const keyOf = (type: string, ns: string, name: string) => `${type}|${ns}|${name}`;

/** Requests by table: one handler for type, namespace and name; a second one is refused when it is registered. */
export class IqTable {
  readonly #routes = new Map<string, Route>();
  readonly #streamRoutes = new Map<string, IqHandler<StreamIqRequest>>();

  add(type: 'get' | 'set', ns: string, name: string, at: readonly Target[], handler: IqHandler<IqRequest>): void {
    const key = keyOf(type, ns, name);
    if (this.#routes.has(key)) throw new Error(`two handlers for ${key}`);
    this.#routes.set(key, { handler, at });
  }

  addForStream(type: 'get' | 'set', ns: string, name: string, handler: IqHandler<StreamIqRequest>): void {
    const key = keyOf(type, ns, name);
    if (this.#streamRoutes.has(key)) throw new Error(`two handlers for ${key} before authentication`);
    this.#streamRoutes.set(key, handler);
  }

  /** `target` undefined: the request has no `to`. */
  find(type: string, ns: string, name: string, target: Target | undefined): IqHandler<IqRequest> | undefined {
    const route = this.#routes.get(keyOf(type, ns, name));
    if (route === undefined) return undefined;
    const isMeant = target === undefined ? route.at.some(isOwn) : route.at.includes(target);
    return isMeant ? route.handler : undefined;
  }

  findForStream(type: string, ns: string, name: string): IqHandler<StreamIqRequest> | undefined {
    return this.#streamRoutes.get(keyOf(type, ns, name));
  }
}
