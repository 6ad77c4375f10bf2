import type { Method, ScramKeys, SessionRow } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { ConfigOf, ConfigSpec } from '@starling/runtime';
import type { Element } from '@starling/xml';
import type { Archives } from './archives.ts';
import type { BindInline, BoundNotice } from './bind-table.ts';
import type { Disco, DiscoDeclaration } from './disco.ts';
import type { HookHandler, HookMap, Phase } from './hooks.ts';
import type { HttpRoute } from './http-table.ts';
import type { IqHandler, IqRequest, StreamIqRequest, Target } from './iq-table.ts';
import type { Session } from './session.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { Wishes } from './wishes.ts';

/** Which process hosts a feature. */
export type Host = 'edge';

/** For docs/xeps.md and doap.xml. */
export interface XepDeclaration {
  readonly number: number;
  readonly version: string;
  readonly status: 'complete' | 'partial';
  /** Starling's release that first had it. */
  readonly since: string;
  /** What is missing, or worth knowing. */
  readonly note?: string;
}

/** What a feature gets from its host. */
export interface FeatureContext<C extends ConfigSpec> {
  readonly config: ConfigOf<C>;
  readonly domain: string;
  readonly software: { readonly name: string; readonly version: string };
  /** The answers of disco#info; complete once all features are set up. */
  readonly disco: Disco;
  /** What clients have to keep to; complete once all features are set up. */
  readonly limits: StreamLimits;
  readonly archives: Archives;
  /** Calls back once, when all features are set up and before anybody is served. */
  whenSetUp(handler: () => void): void;
  /** Asks another service. Throws StanzaError. */
  readonly call: <Request, Reply>(method: Method<Request, Reply>, request: Request) => Promise<Reply>;
  readonly wishes: Wishes;
  /** The sessions of a local account on all edges; none when there is no such account. Throws StanzaError. */
  readonly sessionsOf: (account: BareJid) => Promise<readonly SessionRow[]>;
  /** Tells all edges that follow the session's user what a slot says of it (session-slots.ts) since now. */
  readonly tellSession: (session: Session) => void;
  /** SCRAM keys of a new password; throws StanzaError not-acceptable when the password cannot be prepared (RFC 4013). */
  readonly makeKeys: (password: string) => Promise<readonly ScramKeys[]>;
  readonly iq: {
    get(ns: string, name: string, at: readonly Target[], handler: IqHandler<IqRequest>): void;
    set(ns: string, name: string, at: readonly Target[], handler: IqHandler<IqRequest>): void;
    /** Before authentication. */
    onStream(type: 'get' | 'set', ns: string, name: string, handler: IqHandler<StreamIqRequest>): void;
  };
  /** What a client may have together with its resource (XEP-0386). */
  readonly bind: {
    /** It may ask for it by `<name xmlns='ns'/>`; that it may is announced by the namespace. */
    inline(ns: string, name: string, inline: BindInline): void;
    /** It is told so in any case. */
    notice(notice: BoundNotice): void;
  };
  readonly http: {
    /** Answers GET and HEAD of one whole path. */
    route(path: string, route: HttpRoute): void;
  };
  on<E extends keyof HookMap>(
    event: E,
    phase: Phase,
    handler: HookHandler<HookMap[E]>,
    after?: readonly string[],
  ): void;
  /** An element for `<stream:features/>`, before authentication or behind it. */
  streamFeature(when: 'before-auth' | 'after-auth', element: Element): void;
}

/** One XEP, or one part of an RFC: what it is, then what it does. */
export interface Feature<C extends ConfigSpec = ConfigSpec> {
  readonly name: string;
  readonly xep?: XepDeclaration;
  readonly rfc?: { readonly number: number; readonly sections: string };
  readonly runsOn: readonly Host[];
  readonly disco: DiscoDeclaration;
  readonly config: C;
  setup(context: FeatureContext<C>): void;
}

/** A feature that can stand in a list with others, whatever its configuration. */
export type AnyFeature = Omit<Feature, 'setup' | 'config'> & {
  readonly config: ConfigSpec;
  setup(context: FeatureContext<never>): void;
};

export function defineFeature<C extends ConfigSpec>(feature: Feature<C>): Feature<C> {
  return feature;
}
