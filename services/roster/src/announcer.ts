import type { Bus } from '@starling/bus';
import {
  COPY,
  type Envelope,
  encodeEnvelope,
  encodeRosterChange,
  encodeRosterNotice,
  FATE,
  KIND,
  type RosterChange,
  type RosterNotice,
  type RosterVersion,
  SUBSCRIPTION,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Announcement } from './side.ts';

/**
 * Tells what has been committed: first the sessions of all users, on their feeds, then the services, which tell them more: whoever approves
 * is seen behind his `subscribed` (RFC 6121 §3.1.5, §3.1.6). At most once: versions show a loss.
 */
export class Announcer {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  announce(announcements: readonly Announcement[]): void {
    for (const { user, changes } of announcements) {
      const owner = user as BareJid; // prepared when its account was made
      for (const change of changes) this.#bus.publish(subjects.user(owner), encodeEnvelope(envelopeOf(owner, change)));
    }
    for (const { notice } of announcements) this.#notify(notice);
  }

  /** All of an account's roster may be another one: presence nodes ask for it again. */
  tellReload(user: string): void {
    const nobody = { contact: '', subscription: SUBSCRIPTION.none, requested: false };
    this.#notify({ user, version: { lineage: '', number: 0 }, ...nobody, blocks: true, deleted: false });
  }

  /** An account is gone. May be told twice. */
  tellRemoved(user: string, version: RosterVersion): void {
    const nobody = { contact: '', subscription: SUBSCRIPTION.none, requested: false };
    this.#notify({ user, version, ...nobody, blocks: false, deleted: true });
  }

  #notify(notice: RosterNotice): void {
    this.#bus.publish(subjects.rosterChanges, encodeRosterNotice(notice));
  }
}

function envelopeOf(user: BareJid, change: RosterChange): Envelope {
  return {
    id: '',
    owner: user,
    from: user,
    to: user,
    kind: KIND.rosterChange,
    type: '',
    fate: FATE.live,
    copy: COPY.received,
    hints: 0,
    origin: '',
    sentAtMs: Date.now(),
    after: 0,
    stanza: encodeRosterChange(change),
  };
}
