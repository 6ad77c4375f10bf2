import { NS, type Stanza, StanzaError } from '@starling/stanza';

/** RFC 6121 §4.7.2.3. */
const PRIORITY_MIN = -128;
const PRIORITY_MAX = 127;
const PRIORITY = /^\s*([+-]?\d+)\s*$/;

/**
 * RFC 6121 §4.7.2.3: one integer, nothing else; none is 0.
 * @throws StanzaError bad-request
 */
export function priorityOf(presence: Stanza): number {
  const [ref, ...more] = presence.children.filter((c) => c.ns === NS.client && c.name === 'priority');
  if (ref === undefined) return 0;
  const [text = '', ...mixed] = presence.element(ref).children;
  const digits = typeof text === 'string' ? PRIORITY.exec(text)?.[1] : undefined;
  const priority = Number(digits);
  const isOne = more.length === 0 && mixed.length === 0 && digits !== undefined;
  if (!isOne || priority < PRIORITY_MIN || priority > PRIORITY_MAX) throw new StanzaError('bad-request', 'priority');
  return priority;
}
