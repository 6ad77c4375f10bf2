import type { RosterNotice } from '@starling/contracts';
import type { Broadcast } from './broadcast.ts';
import type { ContactLoads } from './contact-loads.ts';
import { Contacts } from './contacts.ts';
import type { User } from './user.ts';

/** What a change of a user's roster or block list means for his presence. */
export class RosterNotices {
  readonly #loads: ContactLoads;
  readonly #broadcast: Broadcast;

  constructor(loads: ContactLoads, broadcast: Broadcast) {
    this.#loads = loads;
    this.#broadcast = broadcast;
  }

  take(user: User, notice: RosterNotice): void {
    if (notice.deleted) {
      this.#deleted(user);
      return;
    }
    if (notice.requested) user.hasRequests = true;
    if (user.isLoading) {
      // What is being read may be older.
      if (user.heardOf === undefined || notice.blocks || !user.heardOf.blocks) user.heardOf = notice;
      return;
    }
    const { contacts } = user;
    if (contacts === undefined) return;
    if (notice.blocks) {
      this.#loads.load(user);
      return;
    }
    if (contacts.knows(notice)) return;
    const difference = contacts.apply(notice);
    if (difference === undefined) this.#loads.load(user);
    else this.#broadcast.contactsChanged(user, difference);
  }

  /** Nobody watches him any more. Another account of the same name has contacts of its own: they are read when they are needed. */
  #deleted(user: User): void {
    const { contacts } = user;
    if (contacts === undefined) return;
    this.#broadcast.contactsChanged(user, contacts.differenceTo(Contacts.none()));
    user.contacts = undefined;
    user.hasRequests = false;
  }
}
