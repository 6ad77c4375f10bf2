import { type Element, escapeAttribute } from '@starling/xml';
import { el } from './build.ts';
import { withChild } from './encoded.ts';

const NS = { delay: 'urn:xmpp:delay' } as const; // XEP-0203

/** A time as XEP-0082 §3.2 writes it, in UTC. */
export const dateTimeOf = (atMs: number): string => new Date(atMs).toISOString();

/** XEP-0203 §2: that `from` has had a stanza since `atMs`. */
export const delayElement = (from: string, atMs: number): Element =>
  el('delay', NS.delay, { from, stamp: dateTimeOf(atMs) });

/** As delayElement, as XML; without a `from` where the surroundings say it (XEP-0297 §3.2). */
export function delayXml(from: string, atMs: number): string {
  const by = from === '' ? '' : ` from='${escapeAttribute(from)}'`;
  return `<delay xmlns='${NS.delay}'${by} stamp='${dateTimeOf(atMs)}'/>`;
}

/** An encoded stanza that `from` has kept since `atMs` and delivers now. */
export const withDelay = (encoded: Uint8Array, from: string, atMs: number): Uint8Array =>
  withChild(encoded, delayXml(from, atMs));
