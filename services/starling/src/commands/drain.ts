import type { ReceivedReport } from '@starling/bus';
import { operations as methods } from '@starling/contracts';
import { type DrainState, drainState, whyNotDrain } from '../drain/drain-state.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { findEdges } from '../operations/find-edges.ts';
import { type Operations, REPORTS_WAIT_MS } from '../operations/operations.ts';
import { withOperations } from '../operations/with-operations.ts';
import { told } from './user.ts';

export interface DrainOptions {
  readonly dataDir?: string | undefined;
  /** All edges, each when the one before it is replaced. */
  readonly all: boolean;
  /** Also the only edge that serves. */
  readonly force: boolean;
  /** How long one edge may take to be gone, with --all also to be replaced. */
  readonly timeoutMs: number;
}

/** `starling drain`: an edge hands over its sessions and stops; or all, in turn. @throws CommandError */
export async function drain(name: string | undefined, options: DrainOptions): Promise<void> {
  const { dataDir, all } = options;
  if ((name === undefined) !== all) throw new CommandError(EXIT.usage, 'name one edge, or --all');
  await withOperations(dataDir, async (operations) => {
    const edges = await findEdges(operations, name);
    for (const { id } of edges) await drainOne(operations, id, options);
  });
}

async function drainOne(operations: Operations, id: string, { all, force, timeoutMs }: DrainOptions): Promise<void> {
  const before = await operations.reports(REPORTS_WAIT_MS);
  const target = before.find((report) => report.id === id);
  if (target === undefined) throw new CommandError(EXIT.unavailable, `${id} does not answer any more`);
  const why = whyNotDrain(before, target);
  if (why !== undefined && !force) throw new CommandError(EXIT.failed, `${why} (--force does it all the same)`);
  const { sessions, withinMs } = await told(id, operations.call(methods.drain(id), {}));
  const startedMs = Date.now();
  print(`${id}: hands over ${sessions} sessions, within ${withinMs / 1000} s`);
  const goal: readonly DrainState[] = all ? ['replaced'] : ['gone', 'replaced'];
  const state = await reach(goal, () => stateOf(operations, before, target), startedMs + timeoutMs);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  if (goal.includes(state)) print(`${id}: ${state} after ${seconds} s`);
  else if (state === 'draining') throw new CommandError(EXIT.failed, `${id}: still there after ${seconds} s`);
  else
    throw new CommandError(
      EXIT.failed,
      `${id}: gone, but nobody has taken its place after ${seconds} s; the others were left alone`,
    );
}

const stateOf = async (operations: Operations, before: readonly ReceivedReport[], target: ReceivedReport) =>
  drainState(before, target, await operations.reports(REPORTS_WAIT_MS));

/** Each look takes REPORTS_WAIT_MS. Twice in a row: who is busy may be late with an answer. */
async function reach(
  goal: readonly DrainState[],
  look: () => Promise<DrainState>,
  deadlineMs: number,
): Promise<DrainState> {
  for (let last = await look(); ; ) {
    const state = await look();
    if ((state === last && goal.includes(state)) || Date.now() >= deadlineMs) return state;
    last = state;
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
