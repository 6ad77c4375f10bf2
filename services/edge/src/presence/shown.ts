import type { Emission } from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import { Stanza } from '@starling/stanza';
import { escapeAttribute } from '@starling/xml';
import type { ClientSession } from '../session.ts';
import type { UserSessions } from '../user-sessions.ts';

/** What stands before the bytes of an emission. */
const START = '<presence';
const HEAD = Buffer.from(START);

/** All sessions of this edge, those that are being bound included. */
export interface SessionsByPartition extends Iterable<ClientSession> {
  in(partition: number): Iterable<ClientSession>;
}

/** Whose sessions presence is for. */
export interface PresenceAudience {
  sessionsOf(user: BareJid): UserSessions | undefined;
  sessions(): SessionsByPartition;
  /** Whether presence of `from` may reach this user. */
  mayShow(user: BareJid, from: string): boolean;
}

/** Brings presence to those sessions of this edge that it is for and that have not been shown it (ADR 7). Returns how many got it. */
export function showToTargets(emission: Emission, audience: PresenceAudience): number {
  let count = 0;
  for (const to of emission.to) {
    const slash = to.indexOf('/');
    const user = slash < 0 ? to : to.slice(0, slash);
    const sessions = audience.sessionsOf(user as BareJid);
    if (sessions === undefined || sessions.local.size === 0) continue;
    if (!audience.mayShow(user as BareJid, emission.from)) continue;
    if (slash >= 0) {
      const session = sessions.local.get(to.slice(slash + 1));
      // RFC 6121 §4.2.3: what is for a watcher is addressed to his bare JID, also when only one resource has to hear it.
      if (session !== undefined && isWanted(session, to, emission) && session.view.showAsked(emission))
        count += write(session, emission, user);
      continue;
    }
    let stanza: Uint8Array | undefined;
    for (const session of sessions.local.values()) {
      if (!session.available || !session.view.show(emission)) continue;
      stanza ??= encode(emission, user);
      session.deliver(stanza);
      count++;
    }
  }
  return count;
}

/** A session that has gone away since would be shown what nothing ends. */
const isWanted = (session: ClientSession, to: string, { from, always }: Emission): boolean =>
  session.available || from === to || always;

/**
 * The rare way: whoever of these sessions has been shown an earlier one. For many emissions at once, by their `from`, since it costs a look
 * at everything that the sessions have been shown.
 */
export function showToSeen(
  emissions: ReadonlyMap<string, readonly Emission[]>,
  sessions: Iterable<ClientSession>,
): number {
  let count = 0;
  for (const session of sessions)
    for (const emission of seenBy(session, emissions))
      if (session.view.show(emission)) count += write(session, emission, session.user);
  return count;
}

/** Those about whom the session has been shown something: looked up by the shorter of both lists. */
function seenBy({ view }: ClientSession, emissions: ReadonlyMap<string, readonly Emission[]>): readonly Emission[] {
  let found: Emission[] | undefined;
  const add = (those: readonly Emission[]) => {
    found = found === undefined ? [...those] : [...found, ...those];
  };
  if (emissions.size <= view.size) {
    for (const [from, those] of emissions) if (view.stampOf(from) !== undefined) add(those);
  } else {
    for (const [from] of view.available()) {
      const those = emissions.get(from);
      if (those !== undefined) add(those);
    }
  }
  return found ?? NOTHING;
}

const NOTHING: readonly Emission[] = [];

function write(session: ClientSession, emission: Emission, user: string): number {
  session.deliver(encode(emission, user));
  return 1;
}

function encode({ presence }: Emission, user: string): Uint8Array {
  const head = `${START} to="${escapeAttribute(user)}"`;
  const headBytes = Buffer.byteLength(head);
  const stanza = Buffer.allocUnsafe(headBytes + presence.length);
  stanza.write(head, 0);
  stanza.set(presence, headBytes);
  return stanza;
}

/**
 * Shows those of whom `isHidden` is true as gone, at once: who is not subscribed any more sees that before he hears why (RFC 6121
 * §3.2.2), and what the contact's owner sends comes by another way, perhaps later, perhaps never. Returns how many stanzas that were.
 */
export function hide(sessions: readonly ClientSession[], isHidden: (from: string) => boolean): number {
  let count = 0;
  for (const session of sessions) {
    const shown = [...session.view.available()].filter(([from]) => from !== session.jid && isHidden(from));
    for (const [from, stamp] of shown) {
      const gone = Stanza.build('presence', { type: 'unavailable', from: from as FullJid });
      const emission = { ...EMPTY, from, stamp, unavailable: true, presence: behindHead(gone.encode()) };
      if (session.view.show(emission)) count += write(session, emission, session.user);
    }
  }
  return count;
}

const EMPTY = { to: [], toSeen: false, always: false } as const;

/** What stands behind `<presence` in a stanza without a `to`: as an emission carries it. */
export const behindHead = (encoded: Uint8Array): Uint8Array => encoded.subarray(HEAD.length);
