import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { channelBinding: 'urn:xmpp:sasl-cb:0' } as const;

/** The types that we know, the strongest first (RFC 9266, RFC 5929). */
export const BINDING_TYPES = ['tls-exporter', 'tls-server-end-point'] as const;
export type BindingType = (typeof BINDING_TYPES)[number];

/** The stream feature; none where there is nothing to bind to. */
export function channelBindingElement(types: readonly BindingType[]): Element | undefined {
  if (types.length === 0) return undefined;
  return el(
    'sasl-channel-binding',
    NS.channelBinding,
    {},
    ...types.map((type) => el('channel-binding', NS.channelBinding, { type })),
  );
}
