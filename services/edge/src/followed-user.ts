import type { Subscription } from '@starling/bus';
import type { Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Feed } from './feed.ts';
import type { Arrival } from './following.ts';
import type { LiveHold } from './live-hold.ts';
import type { UserCoverage } from './offline/user-coverage.ts';
import type { UserSessions } from './user-sessions.ts';

/** One bare JID that has, or is about to have, sessions on this edge: all that comes for it arrives here. */
export interface FollowedUser {
  readonly jid: BareJid;
  /** The log's stream. */
  readonly stream: number;
  readonly sessions: UserSessions;
  readonly feed: Feed;
  /** Live stanzas that wait for an entry of the feed. */
  readonly live: LiveHold<Arrival>;
  /** Which of its sessions get what comes, and since when. */
  readonly coverage: UserCoverage;
  readonly subscription: Subscription;
  /** Resolves when it is known where the log ended when it was opened, undefined: it could not be learnt. Before that nobody is told that his resource is bound. */
  readonly ready: Promise<Position | undefined>;
  /** Where an account of this name ended last, if its feed has come by there. */
  deletedAt: Position | undefined;
  /** Sessions that are being bound. */
  binding: number;
}
