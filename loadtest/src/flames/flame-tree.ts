// A CPU profile → who calls whom, and how much each takes. Pure.
import { type CpuProfile, IDLE, nameOf, type PlaceOf, selfTimesByNode } from '../bench/profile-report.ts';

export interface Flame {
  readonly name: string;
  /** The file and line of the function; empty for what is in V8 or Node itself. */
  readonly place: string;
  readonly selfUs: number;
  /** With all that it calls. */
  readonly totalUs: number;
  /** The costliest first. */
  readonly children: readonly Flame[];
}

/** All that was done while it was not idle, as one tree: the same function called along the same way is there once. */
export function flameOf(profile: CpuProfile, placeOf: PlaceOf): Flame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const selfTimes = selfTimesByNode(profile);
  const merge = (name: string, place: string, ids: readonly number[]): Flame => {
    const groups = new Map<string, { name: string; place: string; ids: number[] }>();
    for (const id of ids.flatMap((parent) => nodes.get(parent)?.children ?? [])) {
      const frame = nodes.get(id)?.callFrame;
      if (frame === undefined || frame.functionName === IDLE) continue;
      const place = frame.url === '' ? '' : placeOf(frame);
      const key = `${nameOf(frame)} ${place}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { name: nameOf(frame), place, ids: [id] });
      else group.ids.push(id);
    }
    const children = [...groups.values()].map((group) => merge(group.name, group.place, group.ids));
    children.sort((a, b) => b.totalUs - a.totalUs || compare(a.name, b.name) || compare(a.place, b.place));
    const selfUs = ids.reduce((sum, id) => sum + (selfTimes.get(id) ?? 0), 0);
    return { name, place, selfUs, totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, selfUs), children };
  };
  const [root] = profile.nodes;
  return merge('all', '', root === undefined ? [] : [root.id]);
}

/** Without a locale: the same profile makes the same picture everywhere. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** One frame of the picture. */
export interface Frame {
  readonly flame: Flame;
  /** Who it was called by; 0 is the root. */
  readonly depth: number;
  /** Of the whole, from the left. */
  readonly from: number;
  readonly share: number;
}

/** Where each frame goes, callers before what they call; those with less than `shareMin` of the whole are left out. */
export function layOut(root: Flame, shareMin: number): readonly Frame[] {
  const frames: Frame[] = [];
  const place = (flame: Flame, depth: number, from: number) => {
    const share = root.totalUs === 0 ? 0 : flame.totalUs / root.totalUs;
    if (share < shareMin) return;
    frames.push({ flame, depth, from, share });
    let next = from;
    for (const child of flame.children) {
      place(child, depth + 1, next);
      next += child.totalUs / root.totalUs;
    }
  };
  place(root, 0, 0);
  return frames;
}

/** Whose code it is. */
export type Origin = 'service' | 'package' | 'module' | 'node' | 'engine';

export function originOf({ place }: Pick<Flame, 'place'>): Origin {
  if (place === '') return 'engine';
  if (/^(services|loadtest)\//.test(place)) return 'service';
  if (place.startsWith('packages/')) return 'package';
  return place.startsWith('node:') ? 'node' : 'module';
}
