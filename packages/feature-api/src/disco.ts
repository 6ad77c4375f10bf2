/** XEP-0030: what an entity says of itself. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
}

/** What one feature adds to the answers of disco#info, by entity. */
export interface DiscoDeclaration {
  readonly server?: readonly string[];
  readonly account?: readonly string[];
}

export interface DiscoInfo {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
}

const IDENTITIES: Readonly<Record<keyof DiscoDeclaration, readonly Identity[]>> = {
  server: [{ category: 'server', type: 'im', name: 'Starling' }],
  account: [{ category: 'account', type: 'registered' }],
};

/** The answers for both entities, sorted so that they hash equally on every edge (XEP-0115). */
export function collectDisco(
  declarations: readonly DiscoDeclaration[],
): Readonly<Record<keyof DiscoDeclaration, DiscoInfo>> {
  const of = (entity: keyof DiscoDeclaration): DiscoInfo => ({
    identities: IDENTITIES[entity],
    features: [...new Set(declarations.flatMap((d) => d[entity] ?? []))].sort(),
  });
  return { server: of('server'), account: of('account') };
}
