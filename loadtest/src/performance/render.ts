import { FLAMES, keptFlames } from '../flames/flame-files.ts';
import { lastPartsResult } from '../parts/parts-result.ts';
import { shownResults } from '../peers/shown.ts';
import { lastSessionsResults } from '../sessions/sessions-result.ts';
import { chartsOf } from './charts.ts';
import { flameLines } from './flame-lines.ts';
import { pageOf } from './page.ts';
import { partsLines } from './parts-lines.ts';
import { sessionsChart } from './sessions-chart.ts';
import { SESSIONS_CHART, sessionsLines, shownTogether } from './sessions-lines.ts';

/** docs/performance.md and its charts: path → content. Nothing when no result is kept. For scripts/gen.mjs. */
export function renderPerformance(folder?: URL): ReadonlyMap<string, string> {
  const shown = shownResults(folder);
  if (shown === undefined) return new Map();
  const charts = chartsOf(shown.result);
  const files = [...charts].map(([name, svg]) => [`docs/performance/${name}`, svg] as const);
  const sessions = lastSessionsResults(folder);
  if (sessions !== undefined)
    files.push([`docs/performance/${SESSIONS_CHART}`, sessionsChart(shownTogether(sessions))]);
  const sections = [
    ...sessionsLines(sessions),
    ...partsLines(lastPartsResult(folder)),
    ...flameLines(keptFlames(folder === undefined ? FLAMES : new URL('flames/', folder))),
  ];
  return new Map([['docs/performance.md', pageOf(shown, charts.keys(), sections)], ...files]);
}
