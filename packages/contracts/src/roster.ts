import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { type Empty, method } from './method.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** RFC 6121 §2.1.2.5; `to` and `from` are bits, so that what a user sees and who sees him can be asked apart. */
export const SUBSCRIPTION = { none: 0, to: 1, from: 2, both: 3 } as const;
export type Subscription = (typeof SUBSCRIPTION)[keyof typeof SUBSCRIPTION];
/** Whether the user sees the contact's presence. */
export const seesContact = (subscription: Subscription): boolean => (subscription & SUBSCRIPTION.to) !== 0;
/** Whether the contact sees the user's presence. */
export const seenByContact = (subscription: Subscription): boolean => (subscription & SUBSCRIPTION.from) !== 0;

/** Within a lineage the number rises by one with each change; versions of two lineages do not compare. */
export interface RosterVersion {
  readonly lineage: string;
  readonly number: number;
}

export interface RosterItem {
  /** Bare JID as a rule; RFC 6121 §2.1.2.3 allows others. */
  readonly jid: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  /** A request of the user's waits for the contact (§2.1.2.2). */
  readonly ask: boolean;
  /** §2.1.2.1. */
  readonly approved: boolean;
  /** In a difference, a push or a set: the item goes. */
  readonly removed: boolean;
}

export interface RosterReply {
  readonly version: RosterVersion;
  /** The items are what has changed since the version that was asked for, in order, and `numbers` the version that each made. */
  readonly difference: boolean;
  readonly items: readonly RosterItem[];
  readonly numbers: readonly number[];
}

export interface Contact {
  readonly jid: string;
  readonly subscription: Subscription;
}

/** Users whose contacts one request asks for. */
export const CONTACTS_USERS_MAX = 500;

export interface UserContacts {
  /** False: there is no such account. */
  readonly exists: boolean;
  readonly version?: RosterVersion | null;
  /** Whose subscription is not none. */
  readonly contacts: readonly Contact[];
  /** Subscription requests that wait for the user's answer. */
  readonly requests: number;
  /** JIDs of the block list (XEP-0191). */
  readonly blocked: readonly string[];
  /** Nobody can say now: ask again. */
  readonly unknown?: boolean;
}

/** What the roster service answers about rosters (proto/roster.proto). `user` is a bare JID with an account, prepared. */
export const rosters = {
  /** `known` false: no version, the whole roster is wanted. */
  get: method<{ user: string; known: boolean; version?: RosterVersion | undefined }, RosterReply>(
    subjects.roster('roster-get'),
    wire.RosterGetRequest,
    wire.RosterGetReply,
  ),
  /** Of the item only jid, name, groups and removed count (RFC 6121 §2.1.5). Conditions of §2.3.3 and §2.5.3. */
  set: method<{ user: string; item: RosterItem }, Empty>(
    subjects.roster('roster-set'),
    wire.RosterSetRequest,
    wire.Empty,
  ),
  /** Answered when both sides are committed (RFC 6121 §3). */
  subscribe: method<{ user: string; contact: string; type: string; stanza: Uint8Array }, Empty>(
    subjects.roster('subscribe'),
    wire.SubscribeRequest,
    wire.Empty,
  ),
  /** At most CONTACTS_USERS_MAX of them. As many, in this order, as an answer holds: at least the first. */
  contacts: method<{ users: readonly string[] }, { users: readonly UserContacts[] }>(
    subjects.roster('contacts'),
    wire.ContactsRequest,
    wire.ContactsReply,
  ),
  /** What `user` is to `contact`, who may be a full JID; `exists` is false also when he has blocked the contact. */
  contact: method<{ user: string; contact: string }, { exists: boolean; subscription: Subscription }>(
    subjects.roster('contact'),
    wire.ContactRequest,
    wire.ContactReply,
  ),
  contactsSince: method<{ known: readonly { user: string; version: RosterVersion }[] }, { changed: readonly string[] }>(
    subjects.roster('contacts-since'),
    wire.ContactsSinceRequest,
    wire.ContactsSinceReply,
  ),
  requests: method<{ user: string }, { stanzas: readonly Uint8Array[] }>(
    subjects.roster('requests'),
    wire.RequestsRequest,
    wire.RequestsReply,
  ),
} as const;

/** For the user's sessions: the stanza, if there is one, then the push of the item, if there is one. */
export interface RosterChange {
  readonly version: RosterVersion;
  readonly item?: RosterItem | undefined;
  readonly contact: string;
  /** Of the stanza, '' without one. */
  readonly type: string;
  readonly stanza: Uint8Array;
}
export const encodeRosterChange = (change: RosterChange): Uint8Array =>
  wire.RosterChange.encode(change as starling.v1.RosterChange.$Properties, keptWriter()).finish();
export const decodeRosterChange = (bytes: Uint8Array): RosterChange =>
  wire.RosterChange.decode(bytes) as unknown as RosterChange;

/** For the owner of the user's presence. */
export interface RosterNotice {
  readonly user: string;
  readonly version: RosterVersion;
  readonly contact: string;
  readonly subscription: Subscription;
  /** The contact's request waits for an answer. */
  readonly requested: boolean;
  /** The block list is another one; contact and subscription are void. */
  readonly blocks: boolean;
  /** The account is gone. */
  readonly deleted: boolean;
}
export const encodeRosterNotice = (notice: RosterNotice): Uint8Array =>
  wire.RosterNotice.encode(notice as starling.v1.RosterNotice.$Properties, keptWriter()).finish();
export const decodeRosterNotice = (bytes: Uint8Array): RosterNotice =>
  wire.RosterNotice.decode(bytes) as unknown as RosterNotice;
