import type { Cost } from './profile-report.ts';

/** Whatever counts and times: what being watched costs. */
const METRICS = /\/metrics\.ts:|\/message-times\.ts:|\/prom-client\/|^prom-client\//;

/** The self times of functions by the room of the tree that they are in, the costliest first. Pure. */
export function byRoom(costs: readonly Cost[]): readonly Cost[] {
  const rooms = new Map<string, Cost>();
  for (const { where, selfUs, share } of costs) {
    const room = roomOf(where);
    const before = rooms.get(room);
    rooms.set(room, { where: room, selfUs: selfUs + (before?.selfUs ?? 0), share: share + (before?.share ?? 0) });
  }
  return [...rooms.values()].sort((a, b) => b.selfUs - a.selfUs);
}

/** `where` is a function and its place, or only a function where that is in V8 or in Node and no JavaScript. */
function roomOf(where: string): string {
  if (where === '(garbage collector)') return 'garbage collection';
  const space = where.lastIndexOf(' ');
  if (space < 0) return 'V8 and system calls';
  const place = where.slice(space + 1);
  if (METRICS.test(place)) return 'metrics';
  if (place.startsWith('node:')) return 'Node';
  const [first = '', second = ''] = place.split('/');
  const isPair = first === 'packages' || first === 'services' || first.startsWith('@');
  return isPair ? `${first}/${second}` : first;
}
