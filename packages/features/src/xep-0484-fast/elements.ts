import { dateTimeOf, el } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { NS } from './ns.ts';

/** What is offered inside of SASL2. Without tls-0rtt: we take no early data. */
export const fastFeature = (mechanisms: readonly string[]): Element =>
  el('fast', NS.fast, {}, ...mechanisms.map((name) => el('mechanism', NS.fast, {}, name)));

export const tokenElement = (token: string, expiresAtMs: number): Element =>
  el('token', NS.fast, { expiry: dateTimeOf(expiresAtMs), token });
