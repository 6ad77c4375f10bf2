import {
  type RosterNotice,
  type RosterVersion,
  type Subscription,
  seenByContact,
  seesContact,
  type UserContacts,
} from '@starling/contracts';
import { Blocks } from './blocks.ts';
import { bareOf } from './jids.ts';
import type { TargetGroup, Targets } from './targets.ts';

const NO_GROUPS: readonly TargetGroup[] = [];
const NO_VERSION: RosterVersion = Object.freeze({ lineage: '', number: 0 });

/** Who watches a user no more, or now, and whom he watches now. */
export interface ContactsDifference {
  readonly watchersGained: readonly string[];
  readonly watchersLost: readonly string[];
  readonly watchedGained: readonly string[];
}

/** Who sees a user, and whom he sees: his subscriptions less his block list. */
export class Contacts {
  /** Undefined where there are none: with most of a public server's users. */
  #subscriptions: Map<string, Subscription> | undefined;
  readonly #blocks: Blocks;
  #version: RosterVersion;
  #watchers: Targets | undefined;
  #watched: Targets | undefined;

  constructor({ version, contacts, blocked }: Pick<UserContacts, 'version' | 'contacts' | 'blocked'>) {
    this.#version = version ?? NO_VERSION;
    if (contacts.length > 0)
      this.#subscriptions = new Map(contacts.map(({ jid, subscription }) => [jid, subscription]));
    this.#blocks = new Blocks(blocked);
  }

  /** Of an account that is not there. */
  static none(): Contacts {
    return new Contacts({ contacts: [], blocked: [] });
  }

  get version(): RosterVersion {
    return this.#version;
  }

  /** Whether the owner of this JID, bare or full, sees the user's presence by a subscription. */
  isWatchedBy(jid: string): boolean {
    const subscription = this.#subscriptions?.get(bareOf(jid));
    return subscription !== undefined && seenByContact(subscription) && !this.#blocks.has(jid);
  }

  isBlocked(jid: string): boolean {
    return this.#blocks.has(jid);
  }

  watchers(): readonly string[] {
    return this.#select(seenByContact);
  }

  watched(): readonly string[] {
    return this.#select(seesContact);
  }

  /** The same by the node that owns them, made when it is asked for. */
  watcherGroups(make: (jids: readonly string[]) => Targets, generation: number): readonly TargetGroup[] {
    if (this.#subscriptions === undefined) return NO_GROUPS;
    if (this.#watchers?.generation !== generation) this.#watchers = make(this.watchers());
    return this.#watchers.groups;
  }

  watchedGroups(make: (jids: readonly string[]) => Targets, generation: number): readonly TargetGroup[] {
    if (this.#subscriptions === undefined) return NO_GROUPS;
    if (this.#watched?.generation !== generation)
      this.#watched =
        this.#isMutual() && this.#watchers?.generation === generation ? this.#watchers : make(this.watched());
    return this.#watched.groups;
  }

  /** Whether those who see the user are those whom he sees: as with most users, whose groups are kept once. */
  #isMutual(): boolean {
    for (const [, subscription] of this.#subscriptions ?? [])
      if (seenByContact(subscription) !== seesContact(subscription)) return false;
    return true;
  }

  /** Whether what the notice tells is already in here. */
  knows({ version }: Pick<RosterNotice, 'version'>): boolean {
    return version.lineage === this.#version.lineage && version.number <= this.#version.number;
  }

  /** Undefined when something lies between: the contacts have to be read anew. */
  apply({ version, contact, subscription }: RosterNotice): ContactsDifference | undefined {
    if (version.lineage !== this.#version.lineage || version.number !== this.#version.number + 1) return undefined;
    const before = this.#effective(contact);
    if (subscription === 0) this.#subscriptions?.delete(contact);
    else {
      this.#subscriptions ??= new Map();
      this.#subscriptions.set(contact, subscription);
    }
    this.#version = version;
    this.#watchers = this.#watched = undefined;
    const after = this.#effective(contact);
    const only = (is: boolean) => (is ? [contact] : []);
    return {
      watchersGained: only(seenByContact(after) && !seenByContact(before)),
      watchersLost: only(seenByContact(before) && !seenByContact(after)),
      // Whom the user sees now tells him: his own notice says so.
      watchedGained: [],
    };
  }

  /** What is different in `next`. */
  differenceTo(next: Contacts): ContactsDifference {
    const [watchers, nextWatchers] = [new Set(this.watchers()), new Set(next.watchers())];
    const watched = new Set(this.watched());
    return {
      watchersGained: [...nextWatchers].filter((jid) => !watchers.has(jid)),
      watchersLost: [...watchers].filter((jid) => !nextWatchers.has(jid)),
      watchedGained: next.watched().filter((jid) => !watched.has(jid)),
    };
  }

  #effective(contact: string): Subscription {
    return this.#blocks.has(contact) ? 0 : (this.#subscriptions?.get(contact) ?? 0);
  }

  #select(is: (subscription: Subscription) => boolean): readonly string[] {
    const jids: string[] = [];
    for (const [jid, subscription] of this.#subscriptions ?? [])
      if (is(subscription) && !this.#blocks.has(jid)) jids.push(jid);
    return jids;
  }
}
