// What an hour of a phone's contacts looks like, as a pure function of a seed.
import { between, oneOf, type Random } from '../random.ts';

/** Something that a contact does. */
export interface Deed {
  /** Since the beginning of the hour. */
  readonly atMs: number;
  /** From 0 on. */
  readonly contact: number;
  readonly kind: 'presence' | 'chat-state' | 'message';
}

export interface HourOptions {
  readonly contacts: number;
  /** Of each contact: away and back again. */
  readonly presences: number;
  /** Of all together: somebody begins to write to the user, or stops. */
  readonly chatStates: number;
  readonly messages: number;
}

const HOUR_MS = 3_600_000;

/** In order. Presence flaps evenly, at another moment for each contact; the rest falls anywhere. */
export function hourOf(random: Random, { contacts, presences, chatStates, messages }: HourOptions): readonly Deed[] {
  const deeds: Deed[] = [];
  const everyMs = HOUR_MS / presences;
  for (let contact = 0; contact < contacts; contact++) {
    const firstMs = between(random, 0, everyMs);
    for (let n = 0; n < presences; n++) deeds.push({ atMs: firstMs + n * everyMs, contact, kind: 'presence' });
  }
  const anybody = Array.from({ length: contacts }, (_, contact) => contact);
  const scatter = (count: number, kind: Deed['kind']) => {
    for (let n = 0; n < count; n++)
      deeds.push({ atMs: between(random, 0, HOUR_MS), contact: oneOf(random, anybody), kind });
  };
  scatter(chatStates, 'chat-state');
  scatter(messages, 'message');
  return deeds.sort((a, b) => a.atMs - b.atMs);
}
