import type { Delivery, Subscription } from '@starling/bus';
import type { ArchivedEntry, Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { Feed, type FeedHost, type GapCause } from './feed.ts';
import type { Arrival } from './following.ts';
import { LiveHold, type ReleaseCause } from './live-hold.ts';
import { UserCoverage } from './offline/user-coverage.ts';
import { UserSessions } from './user-sessions.ts';

/** nats-server 2.9 lets re-publications of several connections overtake one another by some milliseconds. */
const GAP_GRACE_MS = 40;
/** Between two attempts to fetch a gap. */
const FETCH_RETRY_MS = 500;

/** The edge around those whom it follows: one for all of them, so that each holds nothing but its own state. */
export interface FollowingHost {
  /** Entries kept while a gap is fetched. */
  readonly heldEntriesMax: number;
  subscribe(user: FollowedUser, arrived: (delivery: Delivery) => void): Subscription;
  arrived(user: FollowedUser, delivery: Delivery): void;
  entry(user: FollowedUser, entry: Uint8Array, position: Position): void;
  live(user: FollowedUser, arrival: Arrival, by: ReleaseCause): void;
  epochOf(stream: number): number;
  isCurrent(stream: number, epoch: number): boolean;
  fetch(user: FollowedUser, after: Position, upTo: Position): ReturnType<FeedHost['fetch']>;
  findEnd(user: FollowedUser, reached: Position | undefined): Promise<Position | undefined>;
  onGap(cause: GapCause): void;
}

/** One bare JID that has, or is about to have, sessions on this edge: all that comes for it arrives here. */
export class FollowedUser implements FeedHost {
  readonly jid: BareJid;
  /** The log's stream. */
  readonly stream: number;
  readonly sessions = new UserSessions();
  readonly feed: Feed;
  /** Live stanzas that wait for an entry of the feed. */
  readonly live: LiveHold<Arrival>;
  /** Which of its sessions get what comes, and since when. */
  readonly coverage = new UserCoverage();
  readonly subscription: Subscription;
  /** Resolves when it is known where the log ended when it was opened, undefined: it could not be learnt. Before that nobody is told that his resource is bound. */
  readonly ready: Promise<Position | undefined>;
  /** Where an account of this name ended last, if its feed has come by there. */
  deletedAt: Position | undefined = undefined;
  /** Sessions that are being bound. */
  binding = 0;
  readonly #host: FollowingHost;

  /** @param reached where the log had got to for a session that goes on here */
  constructor(jid: BareJid, stream: number, host: FollowingHost, reached: Position | undefined) {
    this.jid = jid;
    this.stream = stream;
    this.#host = host;
    this.feed = new Feed(this);
    this.live = new LiveHold(this);
    this.subscription = host.subscribe(this, (delivery) => host.arrived(this, delivery));
    this.ready = host.findEnd(this, reached);
  }

  get graceMs(): number {
    return GAP_GRACE_MS;
  }

  get retryMs(): number {
    return FETCH_RETRY_MS;
  }

  get heldMax(): number {
    return this.#host.heldEntriesMax;
  }

  deliver(entry: Uint8Array, position: Position): void {
    this.#host.entry(this, entry, position);
  }

  epoch(): number {
    return this.#host.epochOf(this.stream);
  }

  isCurrent(epoch: number): boolean {
    return this.#host.isCurrent(this.stream, epoch);
  }

  fetch(after: Position, upTo: Position): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }> {
    return this.#host.fetch(this, after, upTo);
  }

  onGap(cause: GapCause): void {
    this.#host.onGap(cause);
  }

  released(arrival: Arrival, by: ReleaseCause): void {
    this.#host.live(this, arrival, by);
  }
}
