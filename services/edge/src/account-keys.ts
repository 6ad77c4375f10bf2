import type { ScramKeys } from '@starling/contracts';
import { StanzaError } from '@starling/stanza';
import { makeKeys, PasswordError } from './sasl/index.ts';

/** What is stored of a password. @throws StanzaError not-acceptable */
export async function keysOf(password: string): Promise<readonly ScramKeys[]> {
  try {
    return await makeKeys(password);
  } catch (error) {
    if (!(error instanceof PasswordError)) throw error;
    throw new StanzaError('not-acceptable', error.message, { cause: error });
  }
}
