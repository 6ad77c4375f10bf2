import type { Method, ScramKeys, SessionRow } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { ConfigOf, ConfigSpec } from '@starling/runtime';
import type { Element } from '@starling/xml';
import type { Archives } from './archives.ts';
import { BindTable } from './bind-table.ts';
import type { AnyFeature, FeatureContext, Host } from './define-feature.ts';
import { Disco } from './disco.ts';
import { Hooks, type OnHookFailure } from './hooks.ts';
import { HttpTable } from './http-table.ts';
import { IqTable } from './iq-table.ts';
import type { Session } from './session.ts';
import { StreamLimits } from './stream-limits.ts';
import type { Wishes } from './wishes.ts';

/** What a process that hosts features lends them. */
export interface HostServices {
  readonly domain: string;
  readonly software: { readonly name: string; readonly version: string };
  /** A larger stanza ends its stream. */
  readonly stanzaBytesMax: number;
  readonly archives: Archives;
  /** Values of each feature's configuration, by the feature's name. */
  readonly configOf: (feature: string) => unknown;
  readonly call: <Request, Reply>(method: Method<Request, Reply>, request: Request) => Promise<Reply>;
  readonly wishes: Wishes;
  readonly sessionsOf: (account: BareJid) => Promise<readonly SessionRow[]>;
  readonly tellSession: (session: Session) => void;
  readonly makeKeys: (password: string) => Promise<readonly ScramKeys[]>;
  readonly onHookFailure: OnHookFailure;
}

/** All features of one process, set up and frozen. */
export interface HostedFeatures {
  readonly hooks: Hooks;
  readonly iqs: IqTable;
  readonly binds: BindTable;
  readonly http: HttpTable;
  readonly disco: Disco;
  readonly streamFeatures: { readonly 'before-auth': readonly Element[]; readonly 'after-auth': readonly Element[] };
}

/** Sets up every feature that runs on this host, in the order given; throws when two of them claim the same thing. */
export function hostFeatures(host: Host, features: readonly AnyFeature[], services: HostServices): HostedFeatures {
  const names = new Set(features.map((f) => f.name));
  if (names.size < features.length) throw new Error('two features of one name');
  const own = features.filter((f) => f.runsOn.includes(host));
  const hooks = new Hooks(services.onHookFailure);
  const iqs = new IqTable();
  const binds = new BindTable();
  const http = new HttpTable();
  const disco = new Disco(own.map((f) => f.disco));
  const limits = new StreamLimits(services.stanzaBytesMax);
  const whenSetUp: (() => void)[] = [];
  const streamFeatures = { 'before-auth': [] as Element[], 'after-auth': [] as Element[] };
  for (const feature of own) {
    const context: FeatureContext<ConfigSpec> = {
      config: services.configOf(feature.name) as ConfigOf<ConfigSpec>,
      domain: services.domain,
      software: services.software,
      disco,
      limits,
      archives: services.archives,
      whenSetUp: (handler) => void whenSetUp.push(handler),
      call: services.call,
      wishes: services.wishes,
      sessionsOf: services.sessionsOf,
      tellSession: services.tellSession,
      makeKeys: services.makeKeys,
      iq: {
        get: (ns, name, at, handler) => iqs.add('get', ns, name, at, handler),
        set: (ns, name, at, handler) => iqs.add('set', ns, name, at, handler),
        onStream: (type, ns, name, handler) => iqs.addForStream(type, ns, name, handler),
      },
      bind: {
        inline: (ns, name, inline) => binds.add(ns, name, inline),
        notice: (notice) => binds.addNotice(notice),
      },
      http: { route: (path, route) => http.add(path, route) },
      on: (event, phase, handler, after) => hooks.on(feature.name, event, phase, handler, after),
      streamFeature: (when, element) => streamFeatures[when].push(element),
    };
    // The one cast: the host has loaded each feature's configuration by the spec that the feature itself declares.
    feature.setup(context as FeatureContext<never>);
  }
  for (const handler of whenSetUp) handler();
  hooks.freeze(names);
  return { hooks, iqs, binds, http, disco, streamFeatures };
}
