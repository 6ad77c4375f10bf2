import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** What all edges make of the secret that they share: clients that come back to another edge find what they had. */
export interface ClientSecrets {
  /** Of which, with what the roster service keeps, tokens are made (XEP-0484). */
  readonly tokens: Uint8Array;
  /** Of resources that stay the same for a client (XEP-0386). */
  readonly resources: Uint8Array;
}

export function clientSecretsOf(secret: string): ClientSecrets {
  const derive = (label: string) => Buffer.from(hkdfSync('sha256', secret, '', label, KEY_BYTES));
  return { tokens: derive('starling fast token 1'), resources: derive('starling resource 1') };
}
