import type { Part } from '@starling/testkit/parts';
import { ScramLogin, sharedKeys } from '../presence/scram.ts';

/** What a login costs the client: with keys that it has kept, and from the password. */
export function scramParts(): readonly Part[] {
  const keys = sharedKeys('sekret');
  const [salt, nonce] = [keys.salt.toString('base64'), 'fyko+d2lbbFgONRv9qkxdawL'];
  const challenge = Buffer.from(`r=${nonce},s=${salt},i=${keys.iterations}`).toString('base64');
  return [
    {
      name: 'SCRAM-SHA-1 proof, keys kept (client)',
      run: (count) => {
        let length = 0;
        for (let i = 0; i < count; i++) length += new ScramLogin(keys, 'romeo').final(challenge).length;
        return length;
      },
    },
    {
      name: `SCRAM-SHA-1 proof, ${keys.iterations} iterations (client)`,
      run: (count) => {
        let length = 0;
        for (let i = 0; i < count; i++) {
          const derived = sharedKeys('sekret', keys.salt);
          length += new ScramLogin(derived, 'romeo').final(challenge).length;
        }
        return length;
      },
    },
  ];
}
