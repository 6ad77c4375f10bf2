/** What the sender of a refused stanza may do about it (RFC 6120 §8.3.2). */
export const ERROR_TYPES = ['auth', 'cancel', 'continue', 'modify', 'wait'] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/**
 * The conditions of RFC 6120 §8.3.3 with the type recommended for each. Where that leaves two: feature-not-implemented and
 * undefined-condition are cancel, policy-violation and unexpected-request are modify and wait.
 */
export const CONDITIONS = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} as const satisfies Readonly<Record<string, ErrorType>>;
export type Condition = keyof typeof CONDITIONS;

export function isCondition(name: string): name is Condition {
  return Object.hasOwn(CONDITIONS, name);
}
