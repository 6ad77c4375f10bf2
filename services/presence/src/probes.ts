import type { Emission, Probe, Seen } from '@starling/contracts';
import type { ContactLoads } from './contact-loads.ts';
import type { Contacts } from './contacts.ts';
import { bareOf, resourceOf } from './jids.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import type { Partitions } from './partitions.ts';
import type { RecentStamps } from './recent-stamps.ts';
import type { Row } from './row.ts';
import { mereAvailable, unavailable, unsubscribed } from './stanzas.ts';
import type { User } from './user.ts';

/** Answers who wants to know whether users of this node are there, as far as he may. */
export class Probes {
  readonly #partitions: Partitions;
  readonly #outbox: Outbox;
  readonly #loads: ContactLoads;
  readonly #stamps: RecentStamps;
  readonly #metrics: PresenceMetrics;

  constructor(options: {
    partitions: Partitions;
    outbox: Outbox;
    loads: ContactLoads;
    stamps: RecentStamps;
    metrics: PresenceMetrics;
  }) {
    this.#partitions = options.partitions;
    this.#outbox = options.outbox;
    this.#loads = options.loads;
    this.#stamps = options.stamps;
    this.#metrics = options.metrics;
  }

  /** RFC 6121 §4.3.2: straight to the edge of who asks. */
  answer(probe: Probe): void {
    this.#metrics.probes.inc(probe.targets.length);
    for (const target of probe.targets) this.#answerFor(probe, target);
  }

  /**
   * RFC 6121 §8.5.3.1: whether the target, a full JID, shares its presence with the asker. Undefined when the contacts cannot be had:
   * nobody knows then.
   */
  visible(user: User | undefined, asker: string, target: string): Promise<boolean | undefined> {
    const row = user?.sessions.get(resourceOf(target));
    if (user === undefined || row === undefined) return Promise.resolve(false);
    if (bareOf(asker) === user.jid) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#loads.whenLoaded(user, (contacts) => {
        if (contacts === undefined) resolve(undefined);
        else resolve(contacts.isWatchedBy(asker) || (!contacts.isBlocked(asker) && isDirectedTo(row, asker)));
      });
    });
  }

  /** Whether what an edge has shown as available still is, and is the newest. */
  check(edge: string, { from, stamp }: Seen): void {
    const bare = bareOf(from);
    const learning = this.#partitions.learningOf(bare);
    if (learning !== undefined) return void this.#partitions.hold(learning, 1, () => this.check(edge, { from, stamp }));
    if (this.#partitions.of(bare) === undefined) return;
    const row = this.#partitions.user(bare)?.sessions.get(resourceOf(from));
    const answer = { from, to: NOBODY, toSeen: true, always: false };
    if (row?.isAvailable !== true) {
      const end = this.#endOf(from, stamp, row);
      this.#outbox.emitToEdge(edge, { ...answer, stamp: end, unavailable: true, presence: unavailable(from) });
    } else if (row.stamp > stamp)
      this.#outbox.emitToEdge(edge, { ...answer, stamp: row.stamp, unavailable: false, presence: row.presence });
  }

  /**
   * Views at one edge may have been shown several stamps, of which it asks about the oldest: the end is above all that there were, and
   * below all that there will be.
   */
  #endOf(from: string, stamp: number, row: Row | undefined): number {
    if (row !== undefined) return Math.max(stamp, row.boundAt, row.stamp);
    const nowMs = Date.now();
    const end = Math.max(stamp, nowMs, this.#stamps.get(from));
    this.#stamps.put(from, end, nowMs);
    return end;
  }

  #answerFor(probe: Probe, target: string): void {
    const bare = bareOf(target);
    let user = this.#partitions.user(bare);
    if (user?.partition.isServing !== true) {
      const learning = this.#partitions.learningOf(bare);
      if (learning !== undefined) return void this.#partitions.hold(learning, 1, () => this.#answerFor(probe, target));
      const partition = probe.asked ? this.#partitions.of(bare) : undefined;
      if (partition === undefined) return;
      user = this.#partitions.open(bare, partition);
    }
    if (bareOf(probe.prober) === bare) {
      this.#tell(user, probe, target, true, undefined);
      return;
    }
    if (probe.shown) {
      this.#takeBack(user, probe);
      return;
    }
    // Those who watch him are told anyway as soon as it is known who they are.
    if (user.contacts === undefined && user.owed.size > 0 && !probe.asked) return;
    const asked = user;
    this.#loads.whenLoaded(asked, (contacts) => {
      if (contacts !== undefined) this.#tell(asked, probe, target, contacts.isWatchedBy(probe.prober), contacts);
      this.#partitions.closeIfIdle(asked);
    });
  }

  /** The word of a cancelled subscription, or of a block, was lost: the prober still has what it may not see. */
  #takeBack(user: User, { prober, edge }: Probe): void {
    this.#loads.whenLoaded(user, (contacts) => {
      if (contacts === undefined || contacts.isWatchedBy(prober)) return;
      for (const row of user.sessions.available()) {
        if (isDirectedTo(row, prober) && !contacts.isBlocked(prober)) continue;
        // The same stamp: it has not gone, it is hidden.
        const presence = unavailable(row.jid);
        const hidden = { from: row.jid, stamp: row.stamp, unavailable: true, presence, toSeen: false, always: false };
        this.#outbox.emitToEdge(edge, { ...hidden, to: [prober] });
      }
    });
  }

  #tell(user: User, probe: Probe, target: string, mayWatch: boolean, contacts: Contacts | undefined): void {
    const resource = resourceOf(target);
    const emissions = mayWatch
      ? availableOf(user, resource).map((row) => presenceOf(row, resource !== ''))
      : // §4.6.6: whom it has told itself.
        directedOf(user, resource, probe.prober, contacts).map((row) => presenceOf(row, true));
    if (emissions.length === 0 && probe.asked) emissions.push(nobody(mayWatch, user.jid, target, probe.id));
    const { edge, prober, asked } = probe;
    for (const emission of emissions) this.#outbox.emitToEdge(edge, { ...emission, to: [prober], always: asked });
  }
}

const NOBODY: readonly string[] = [];

const availableOf = ({ sessions }: User, resource: string): readonly Row[] =>
  resource === '' ? sessions.available() : sessions.available().filter((row) => row.resource === resource);

function directedOf({ sessions }: User, resource: string, prober: string, contacts: Contacts | undefined) {
  if (contacts?.isBlocked(prober)) return [];
  return [...sessions.values()].filter(
    (row) => isDirectedTo(row, prober) && (resource === '' || row.resource === resource),
  );
}

const isDirectedTo = ({ directed }: Row, jid: string): boolean =>
  directed.length > 0 && (directed.includes(jid) || directed.includes(bareOf(jid)));

/** §4.3.2: of a resource that was asked for, no more than that it is there. */
const presenceOf = (row: Row, isMere: boolean): Emission => ({
  from: row.jid,
  stamp: row.stamp,
  unavailable: false,
  presence: isMere ? mereAvailable(row.jid) : row.presence,
  to: NOBODY,
  toSeen: false,
  always: false,
});

/** §4.3.2, rules 1 and 3. From the bare JID it would mean all resources (§4.5.4): of a full one only that is gone. */
const nobody = (mayWatch: boolean, user: string, target: string, id: string): Emission => {
  const from = mayWatch ? target : user;
  return {
    from,
    stamp: Date.now(),
    unavailable: true,
    presence: mayWatch ? unavailable(from, id) : unsubscribed(from, id),
    to: NOBODY,
    toSeen: false,
    always: true,
  };
};
