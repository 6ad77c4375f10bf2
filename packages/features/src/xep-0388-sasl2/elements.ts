import { el, NS as RFC } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { NS } from './ns.ts';

/** The stream feature; there is none without a mechanism ("SASL mechanism negotiation"). */
export function authenticationElement(mechanisms: readonly string[], inline: readonly Element[]): Element | undefined {
  if (mechanisms.length === 0) return undefined;
  return el(
    'authentication',
    NS.sasl2,
    {},
    ...mechanisms.map((name) => el('mechanism', NS.sasl2, {}, name)),
    ...(inline.length > 0 ? [el('inline', NS.sasl2, {}, ...inline)] : []),
  );
}

export const challengeElement = (data: Uint8Array): Element => el('challenge', NS.sasl2, {}, base64Of(data));

/** The codes are those of RFC 6120 §6.5, in their own namespace. */
export const failureElement = (condition: string): Element => el('failure', NS.sasl2, {}, el(condition, RFC.sasl));

/** `identifier` is a bare JID unless a resource is bound; `results` are those of what was asked for inline. */
export function successElement(data: Uint8Array | undefined, identifier: string, results: readonly Element[]): Element {
  const additional = data === undefined ? [] : [el('additional-data', NS.sasl2, {}, base64Of(data))];
  return el(
    'success',
    NS.sasl2,
    {},
    ...additional,
    el('authorization-identifier', NS.sasl2, {}, identifier),
    ...results,
  );
}

const base64Of = (data: Uint8Array): string => Buffer.from(data).toString('base64');
