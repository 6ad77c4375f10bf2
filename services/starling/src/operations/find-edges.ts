import type { ReceivedReport } from '@starling/bus';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type Operations, REPORTS_WAIT_MS } from './operations.ts';

/** Whether the process is, or has within it, an edge. */
export const isEdge = ({ service }: Pick<ReceivedReport, 'service'>): boolean => service.split(' ').includes('edge');

/** The edges that answer; of them just the one that is named. @throws CommandError when there is none */
export async function findEdges(operations: Operations, named?: string): Promise<readonly ReceivedReport[]> {
  const edges = (await operations.reports(REPORTS_WAIT_MS)).filter(isEdge);
  const found = named === undefined ? edges : edges.filter(({ id }) => id === named);
  if (found.length > 0) return found;
  if (edges.length === 0) throw new CommandError(EXIT.unavailable, 'no edge answers');
  throw new CommandError(
    EXIT.data,
    `${named}: no edge of that name answers; there are ${edges.map((e) => e.id).join(', ')}`,
  );
}
