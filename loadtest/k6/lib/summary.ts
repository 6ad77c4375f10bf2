import type { Settings } from './settings.ts';

/** As much of what k6 gives to handleSummary as is used here. */
export interface SummaryData {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
}

const OWN = /^(login_|resume_|sessions_|messages_|time_to_|presence_)/;
const NAME_WIDTH = 26;

/** What a run prints, and keeps as JSON where SUMMARY says. */
export function summarize(data: SummaryData, { summary }: Settings): Record<string, string> {
  const own = Object.entries(data.metrics).filter(([name]) => OWN.test(name));
  const lines = own.map(([name, { values, thresholds = {} }]) => {
    const figures = Object.entries(values)
      .map(([key, value]) => `${key} ${Number.isInteger(value) ? value : value.toFixed(1)}`)
      .join('  ');
    const verdicts = Object.entries(thresholds).map(([rule, { ok }]) => `${ok ? '✓' : '✗'} ${rule}`);
    return [name.padEnd(NAME_WIDTH), figures, ...verdicts].join('  ');
  });
  const text = `${lines.sort().join('\n')}\n`;
  if (summary === '') return { stdout: text };
  const metrics = Object.fromEntries(own);
  return { stdout: text, [summary]: JSON.stringify({ metrics }, null, 2) };
}
