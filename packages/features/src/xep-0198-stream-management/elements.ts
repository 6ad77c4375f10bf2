import { parseCount } from '@starling/sm-queue';
import { type Condition, el, NS as RFC, StreamError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { sm: 'urn:xmpp:sm:3' } as const;

const TRUE = new Set(['true', '1']);
const MS_PER_SECOND = 1_000;
/** xs:positiveInteger has no bound; what is longer than this is as good as for ever. */
const SECONDS_MAX = 10 ** 9;

/** What a client wants of stream management (§3). */
export interface EnableRequest {
  readonly resume: boolean;
  /** The longest absence that it wants, in ms; undefined: whatever the server likes. */
  readonly maxMs: number | undefined;
}

export interface ResumeRequest {
  readonly previd: string;
  readonly h: number;
}

type Attributes = Readonly<Record<string, string | undefined>>;

export function readEnable({ resume = '', max = '' }: Attributes): EnableRequest {
  const seconds = /^\+?[0-9]{1,18}$/.test(max.trim()) ? Math.min(Number(max), SECONDS_MAX) : 0;
  return { resume: TRUE.has(resume.trim()), maxMs: seconds > 0 ? seconds * MS_PER_SECOND : undefined };
}

/** §5: both attributes are a must; undefined when one is missing or is none. */
export function readResume({ previd, h }: Attributes): ResumeRequest | undefined {
  const count = parseCount(h);
  return previd === undefined || previd === '' || count === undefined ? undefined : { previd, h: count };
}

/** §4: the `h` of an `<a/>`; undefined when there is none. */
export const readAck = ({ h }: Attributes): number | undefined => parseCount(h);

export const FEATURE: Element = el('sm', NS.sm);
/** §4: the peer shall say what it has handled. */
export const ASK: Element = el('r', NS.sm);

export const ack = (h: number): Element => el('a', NS.sm, { h: String(h) });
export const resumed = (previd: string, h: number): Element => el('resumed', NS.sm, { h: String(h), previd });

/** §3; `window` in ms: undefined when the session cannot be resumed. */
export function enabled(resumable?: {
  readonly id: string;
  readonly windowMs: number;
  readonly location: string;
}): Element {
  if (resumable === undefined) return el('enabled', NS.sm);
  const { id, windowMs, location } = resumable;
  const attributes = { id, resume: 'true', max: String(Math.floor(windowMs / MS_PER_SECOND)) };
  return el('enabled', NS.sm, location === '' ? attributes : { ...attributes, location });
}

/** §6; `h` of a session that is over: what of it was handled (§5). */
export const failed = (condition: Condition, h?: number): Element =>
  el('failed', NS.sm, h === undefined ? {} : { h: String(h) }, el(condition, RFC.stanzas));

/** §6: the client has acknowledged more than it was sent. */
export const tooHigh = (h: number, sent: number): StreamError =>
  new StreamError('undefined-condition', `You acknowledged ${h} stanzas, but I only sent you ${sent} so far.`, {
    app: el('handled-count-too-high', NS.sm, { h: String(h), 'send-count': String(sent) }),
  });
