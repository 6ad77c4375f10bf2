import { escaped } from '../performance/escaped.ts';
import type { MetricSummary } from './run-stand-in.ts';

const CHAR_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const MARGIN = 16;
const NAME_WIDTH = 24;
const COLOURS = { ground: '#1b1f27', text: '#d8dee9', head: '#88c0d0', good: '#8fd19e', bad: '#ff7b72' } as const;

interface Line {
  readonly text: string;
  readonly colour: string;
}

/** What a run has measured and whether its thresholds hold, as a picture for a document. */
export function summarySvg(title: string, metrics: Readonly<Record<string, MetricSummary>>): string {
  const lines = [{ text: title, colour: COLOURS.head }, { text: '', colour: COLOURS.text }, ...linesOf(metrics)];
  const width = Math.ceil(Math.max(...lines.map(({ text }) => text.length)) * CHAR_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const texts = lines.map(({ text, colour }, i) => {
    const y = MARGIN + (i + 1) * LINE_HEIGHT - 5;
    return `  <text x="${MARGIN}" y="${y}" fill="${colour}" xml:space="preserve">${escaped(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `  <title>${escaped(title)}</title>`,
    `  <rect width="100%" height="100%" rx="8" fill="${COLOURS.ground}"/>`,
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

/** Each metric with its figures; below it its thresholds. */
function linesOf(metrics: Readonly<Record<string, MetricSummary>>): readonly Line[] {
  const names = Object.keys(metrics).sort();
  return names.flatMap((name) => {
    const { values = {}, thresholds = {} } = metrics[name] ?? {};
    const figures = Object.entries(values).map(([key, value]) => `${key}=${Math.round(value * 10) / 10}`);
    const rules = Object.entries(thresholds).map(([rule, { ok }]) => ({
      text: `${' '.repeat(NAME_WIDTH)}${ok ? '✓' : '✗'} ${rule}`,
      colour: ok ? COLOURS.good : COLOURS.bad,
    }));
    return [{ text: `${name.padEnd(NAME_WIDTH)}${figures.join('  ')}`, colour: COLOURS.text }, ...rules];
  });
}
