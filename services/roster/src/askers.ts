import { addressesOf } from '@starling/features/xep-0191-blocking/is-blocked';
import { bareOf, tryParseJid } from '@starling/jid';

/** By which addresses `user` may have blocked who asks; none for the user himself, whom he cannot block (XEP-0191 §4). */
export function askersOf(user: string, asker: string): readonly string[] {
  const jid = tryParseJid(asker);
  return jid === undefined || bareOf(jid) === user ? [] : addressesOf(jid);
}
