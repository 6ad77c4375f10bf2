import type { Role } from './virtual-time.ts';

/** What was published, and what subscribers got of it. */
export interface Tally {
  messages: number;
  /** Of payloads. */
  bytes: number;
  deliveries: number;
  deliveredBytes: number;
}

const newTally = (): Tally => ({ messages: 0, bytes: 0, deliveries: 0, deliveredBytes: 0 });

/** Who tells what to whom: what the messages of the bus are counted by. */
export type TrafficKind =
  | 'edge → owner'
  | 'owner → owner'
  | 'owner → edge'
  | 'session table'
  | 'bind'
  | 'roster service'
  | 'contacts'
  | 'archive'
  | 'append'
  | 'entry to the archive'
  | 'entry to edges'
  | 'live stanza'
  | 'digest'
  | 'from others'
  | 'other';

/** By its subject (packages/contracts/src/subjects.ts), and by who publishes it. */
export function kindOf(subject: string, publisher: Role): TrafficKind {
  if (publisher === 'others') return 'from others';
  if (subject.startsWith('u.')) return publisher === 'presence' ? 'session table' : 'live stanza';
  if (subject.startsWith('p.')) {
    if (subject.includes('.', 2)) return 'bind';
    return publisher === 'presence' ? 'owner → owner' : 'edge → owner';
  }
  if (subject.startsWith('edge.')) return 'owner → edge';
  if (subject.startsWith('r.')) return publisher === 'presence' ? 'contacts' : 'roster service';
  if (subject.startsWith('a.')) return 'archive';
  if (subject.startsWith('t.')) return 'digest';
  return 'other';
}

/** Counts of all kinds, for as long as something lasts. */
export class Traffic {
  #tallies = new Map<TrafficKind, Tally>();

  /** One message, an answer perhaps. */
  count(kind: TrafficKind, bytes: number, deliveries: number): void {
    let tally = this.#tallies.get(kind);
    if (tally === undefined) {
      tally = newTally();
      this.#tallies.set(kind, tally);
    }
    tally.messages++;
    tally.bytes += bytes;
    tally.deliveries += deliveries;
    tally.deliveredBytes += bytes * deliveries;
  }

  /** What was counted since the last time. */
  take(): ReadonlyMap<TrafficKind, Tally> {
    const taken = this.#tallies;
    this.#tallies = new Map();
    return taken;
  }
}

export function sumOf(tallies: Iterable<Tally>): Tally {
  const sum = newTally();
  for (const { messages, bytes, deliveries, deliveredBytes } of tallies) {
    sum.messages += messages;
    sum.bytes += bytes;
    sum.deliveries += deliveries;
    sum.deliveredBytes += deliveredBytes;
  }
  return sum;
}

export const scaled = ({ messages, bytes, deliveries, deliveredBytes }: Tally, by: number): Tally => ({
  messages: Math.round(messages * by),
  bytes: Math.round(bytes * by),
  deliveries: Math.round(deliveries * by),
  deliveredBytes: Math.round(deliveredBytes * by),
});
