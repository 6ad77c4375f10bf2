import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReceivedReport } from '@starling/bus';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type Operations, REPORTS_WAIT_MS } from '../operations/operations.ts';
import { withOperations } from '../operations/with-operations.ts';
import { renderTop } from '../top/render-top.ts';
import { topSvg } from '../top/top-svg.ts';
import { type TopView, topView } from '../top/top-view.ts';
import { untilInterrupted } from './until-interrupted.ts';

export interface TopOptions {
  readonly dataDir?: string | undefined;
  /** One look, over one interval, then it ends. */
  readonly once: boolean;
  readonly json: boolean;
  readonly intervalMs: number;
  /** Where each look is kept as a picture. */
  readonly svg?: string | undefined;
}

/** Home, and all that was there is gone. */
const CLEAR = '\x1b[H\x1b[J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** `starling top`: the whole cluster, live. @throws CommandError when no process answers */
export async function top({ dataDir, once, json, intervalMs, svg }: TopOptions): Promise<void> {
  const isLive = !once && !json && process.stdout.isTTY;
  const show = (view: TopView) => {
    if (svg !== undefined) writeFileSync(svg, topSvg(view));
    process.stdout.write(json ? `${JSON.stringify(view)}\n` : `${isLive ? CLEAR : ''}${renderTop(view)}`);
  };
  await withOperations(dataDir, (operations) =>
    untilInterrupted(async (signal) => {
      if (isLive) process.stdout.write(HIDE_CURSOR);
      try {
        let before = await look(operations);
        do {
          await interval(intervalMs, signal);
          const now = await look(operations);
          show(topView(before, now, Date.now()));
          before = now;
        } while (!once && !signal.aborted);
      } finally {
        if (isLive) process.stdout.write(SHOW_CURSOR);
      }
    }),
  );
}

async function look(operations: Operations): Promise<readonly ReceivedReport[]> {
  const reports = await operations.reports(REPORTS_WAIT_MS);
  if (reports.length === 0) throw new CommandError(EXIT.unavailable, 'no process answers');
  return reports;
}

async function interval(intervalMs: number, signal: AbortSignal): Promise<void> {
  // Policy: an end that was asked for is no failure.
  await pause(Math.max(0, intervalMs - REPORTS_WAIT_MS), undefined, { signal }).catch(() => undefined);
}
