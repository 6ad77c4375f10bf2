/** The mechanisms of draft-schmaus-kitten-sasl-ht that we have, and to what each binds; the strongest first. HT-SHA-256-UNIQ is none of TLS 1.3. */
export const HT_MECHANISMS = {
  'HT-SHA-256-EXPR': 'tls-exporter',
  'HT-SHA-256-ENDP': 'tls-server-end-point',
  'HT-SHA-256-NONE': undefined,
} as const;
export type HtMechanism = keyof typeof HT_MECHANISMS;

export const isHt = (name: string): name is HtMechanism => Object.hasOwn(HT_MECHANISMS, name);

/** Those that a connection can have, which offers these types of channel binding. */
export function htMechanismsFor(bindings: readonly string[]): readonly HtMechanism[] {
  return (Object.keys(HT_MECHANISMS) as HtMechanism[]).filter((name) => {
    const binding = HT_MECHANISMS[name];
    return binding === undefined || bindings.includes(binding);
  });
}
