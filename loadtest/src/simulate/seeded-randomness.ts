import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from '../random.ts';

/** Makes ids and jitter of this process the same for the same seed: for good, so never in one that serves anybody. */
export function installRandomness(random: Random): void {
  Math.random = random;
  const randomBytes = (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
  Object.assign(crypto, { randomBytes });
  // Whoever has imported it by name gets this one as well.
  syncBuiltinESMExports();
}
