import type { ArchivePreferences, BlockList } from '@starling/contracts';
import type { BareJid } from '@starling/jid';

/** What a user has said about the messages of others, as it is now. What is asked for at once is one question. Throws StanzaError. */
export interface Wishes {
  /** XEP-0191. */
  blocks(user: BareJid): Promise<BlockList>;
  /** XEP-0441. */
  preferences(user: BareJid): Promise<ArchivePreferences>;
}
