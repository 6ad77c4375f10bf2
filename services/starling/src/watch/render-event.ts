import type { WatchedEvent } from './watched-event.ts';

const KIND_WIDTH = 24;
const FATE_WIDTH = 9;
const SIZE_WIDTH = 8;
const AGE_WIDTH = 8;

/** One line for people: when, what, its fate, how large and how old it is, from whom, by which hops. */
export function renderEvent(event: WatchedEvent): string {
  const { atMs, kind, type, fate, copy, peer, resource, stanzaBytes, ageMs, hops, sessions } = event;
  const what = [kind, type, copy].filter((part) => part !== '').join(' ');
  const age = ageMs === undefined ? '' : `${ageMs} ms`;
  const way = hops.map(({ at, where }) => (where === '' ? at : `${at} ${where}`)).join(' → ');
  const who = [peer === '' ? '' : `peer ${peer}`, resource === '' ? '' : `to /${resource}`];
  const where = sessions.map(({ edge, state, count }) => `${edge} ${count} ${state}`).join(', ');
  return [
    new Date(atMs).toISOString(),
    what.padEnd(KIND_WIDTH),
    fate.padEnd(FATE_WIDTH),
    `${stanzaBytes} B`.padStart(SIZE_WIDTH),
    age.padStart(AGE_WIDTH),
    ` ${way}`,
    ...[...who, where].filter((part) => part !== ''),
  ]
    .join(' ')
    .trimEnd();
}
