import type { ReceivedReport } from '@starling/bus';
import { isEdge } from '../operations/find-edges.ts';

export type EdgeReport = Pick<ReceivedReport, 'id' | 'service' | 'startedAtMs' | 'ready'>;

/** Of an edge that was told to go. */
export type DrainState =
  /** It still answers. */
  | 'draining'
  /** It is gone, and there are fewer edges that serve than there were. */
  | 'gone'
  /** As many serve as before, without it: its supervisor has started it again, or another one. */
  | 'replaced';

const isSame = (a: EdgeReport, b: EdgeReport): boolean => a.id === b.id && a.startedAtMs === b.startedAtMs;

/** How far it is, from who answered before it was told and who answers now. Who does not answer for a moment counts as gone for that moment. */
export function drainState(before: readonly EdgeReport[], target: EdgeReport, now: readonly EdgeReport[]): DrainState {
  const edges = now.filter(isEdge);
  if (edges.some((edge) => isSame(edge, target))) return 'draining';
  const served = before.filter((edge) => isEdge(edge) && edge.ready).length;
  return edges.filter(({ ready }) => ready).length >= served ? 'replaced' : 'gone';
}

/** Why an edge should not be told to go; undefined: it may be. */
export function whyNotDrain(all: readonly EdgeReport[], target: EdgeReport): string | undefined {
  const others = all.filter((edge) => isEdge(edge) && edge.ready && !isSame(edge, target));
  return others.length === 0 ? `${target.id} is the only edge that serves: its clients could go nowhere` : undefined;
}
