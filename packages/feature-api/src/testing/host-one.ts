import { ArchiveIds, blocks, type Method, type Position, preferences, type SessionRow } from '@starling/contracts';
import { bareOf, type FullJid, type Jid, parseJid } from '@starling/jid';
import { loadConfig } from '@starling/runtime';
import { Stanza, StanzaError, type StreamError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import type { ArchiveSpan } from '../archives.ts';
import type { AnyFeature } from '../define-feature.ts';
import { type HostedFeatures, hostFeatures } from '../host-features.ts';
import type { IqAnswer, Target } from '../iq-table.ts';
import type { Session } from '../session.ts';

/** A session that remembers what it is sent, and '!<condition>' for the end of its stream. */
export interface TestSession extends Session {
  readonly sent: (Stanza | string)[];
}

export function testSession(jid = 'romeo@localhost/orchard', logEnd?: Position): TestSession {
  const full = parseJid(jid) as FullJid;
  const sent: (Stanza | string)[] = [];
  return {
    id: full,
    user: bareOf(full),
    jid: full,
    origin: `edge-1/${full}`,
    peerAddress: '::1',
    loopback: true,
    heardAt: 0,
    logEnd,
    available: true,
    slots: new Map(),
    sent,
    send: (stanza) => void sent.push(stanza),
    deliver: (encoded) => void sent.push(Stanza.decode(encoded)),
    fail: (error: StreamError) => void sent.push(`!${error.condition}`),
  };
}

/** What other services answer in a test, by the subject of the method. */
export type Answers = Readonly<Record<string, (request: never) => unknown>>;

/** One feature on its own host. */
export interface OneFeature {
  readonly hosted: HostedFeatures;
  /** What other services were asked: method and request. */
  readonly asked: readonly { readonly subject: string; readonly request: unknown }[];
  /** Of which sessions others were told. */
  readonly told: readonly Session[];
  /** Which parts of archives were read. */
  readonly read: readonly ArchiveSpan[];
  /** Asks as a client does; the payload of the result, or the condition of the error. */
  iq(type: 'get' | 'set', to: string, payload: Element, session?: Session): Promise<IqAnswer | string>;
}

/** As small as a server may set it (RFC 6120 §13.12). */
const STANZA_BYTES_MAX = 10_000;

/** Hosts one feature for a test on the domain localhost; nobody else is there unless `answers` says so. */
export function hostOne(
  feature: AnyFeature,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly answers?: Answers;
    readonly sessions?: Readonly<Record<string, readonly SessionRow[]>>;
    /** Default: it fails the test. */
    readonly onHookFailure?: (error: unknown) => void;
  } = {},
): OneFeature {
  const { config } = loadConfig({ config: feature.config }, { env: options.env ?? {}, args: [] });
  const asked: { subject: string; request: unknown }[] = [];
  const told: Session[] = [];
  const read: ArchiveSpan[] = [];
  const call = async <Request, Reply>({ subject }: Method<Request, Reply>, request: Request): Promise<Reply> => {
    asked.push({ subject, request });
    const answer = options.answers?.[subject];
    if (answer === undefined) throw new StanzaError('resource-constraint', `nobody answers ${subject}`);
    return (await answer(request as never)) as Reply;
  };
  const hosted = hostFeatures('edge', [feature], {
    domain: 'localhost',
    software: { name: 'Starling', version: '1.2.3' },
    stanzaBytesMax: STANZA_BYTES_MAX,
    archives: {
      ids: new ArchiveIds('of a test, and long enough'),
      streamOf: () => 0,
      wasRead: (_, span) => void read.push(span),
    },
    configOf: () => config,
    call,
    wishes: {
      blocks: (user) => call(blocks.list, { user }),
      preferences: (user) => call(preferences.get, { user }),
    },
    sessionsOf: async (account) => options.sessions?.[account] ?? [],
    tellSession: (session) => void told.push(session),
    makeKeys: async () => [],
    onHookFailure: ({ error }) => {
      if (options.onHookFailure === undefined) throw error;
      options.onHookFailure(error);
    },
  });
  return {
    hosted,
    asked,
    told,
    read,
    async iq(type, to, payload, session = testSession()) {
      const stanza = Stanza.build('iq', { type, id: 'i', from: session.jid, to: to as Jid }, payload);
      const target = targetOf(to, session);
      const handler = hosted.iqs.find(type, payload.ns, payload.name, target);
      if (handler === undefined) return 'service-unavailable';
      const account = target === 'another-account' ? bareOf(to as Jid) : session.user;
      try {
        return await handler({
          stanza,
          payload,
          session,
          target: target ?? 'account',
          account,
          onAnswered: () => undefined,
        });
      } catch (error) {
        if (error instanceof StanzaError) return error.condition;
        throw error;
      }
    },
  };
}

function targetOf(to: string, { user }: Session): Target | undefined {
  if (to === '') return undefined;
  if (to === 'localhost') return 'server';
  return to === user ? 'account' : 'another-account';
}
