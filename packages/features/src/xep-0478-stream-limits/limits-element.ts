import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { limits: 'urn:xmpp:stream-limits:0' } as const;

const MS_PER_SECOND = 1_000;

/** What is announced; a bound that is undefined does not hold on this stream. */
export interface Announced {
  readonly stanzaBytesMax: number;
  readonly idleMs?: number | undefined;
}

/**
 * `<limits/>` of the stream features. Seconds are rounded down: who believes them is never late. Less than one second cannot be
 * told in whole ones, and zero would read as "none", so it is left out, as "this child can be absent" allows.
 */
export function limitsElement({ stanzaBytesMax, idleMs = 0 }: Announced): Element {
  const idleSeconds = Math.floor(idleMs / MS_PER_SECOND);
  return el(
    'limits',
    NS.limits,
    {},
    el('max-bytes', NS.limits, {}, String(stanzaBytesMax)),
    ...(idleSeconds > 0 ? [el('idle-seconds', NS.limits, {}, String(idleSeconds))] : []),
  );
}
