// Lines over time, as SVG. Pure: the same values make the same bytes.
import { escaped } from '../performance/escaped.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

export interface LinePanel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface LineChart {
  readonly title: string;
  readonly panels: readonly LinePanel[];
}

const COLUMNS = 3;
const PANEL = { width: 300, height: 190 } as const;
const PLOT = { left: 46, right: 8, top: 26, bottom: 50 } as const;
const MARGIN = 12;
const HEAD_HEIGHT = 40;
const LEGEND = { perRow: 3, rows: 2, step: 13, charsMax: 24 } as const;
const COLORS = ['#0969da', '#1a7f37', '#bf8700', '#8250df', '#cf222e', '#57606a', '#d4a72c', '#1b7c83'] as const;
const COLOR = { paper: '#ffffff', frame: '#d0d7de', text: '#1f2328', faint: '#656d76' } as const;
const MS_PER_SECOND = 1_000;

const at = (value: number) => Number(value.toFixed(1));

export function lineChart({ title, panels }: LineChart): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = 2 * MARGIN + COLUMNS * PANEL.width;
  const height = HEAD_HEIGHT + rows * PANEL.height + MARGIN;
  const drawn = panels.flatMap((panel, i) =>
    panelLines(panel, MARGIN + (i % COLUMNS) * PANEL.width, HEAD_HEIGHT + Math.floor(i / COLUMNS) * PANEL.height),
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="10" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" fill="${COLOR.paper}"/>`,
    `<text x="${MARGIN}" y="25" font-size="15" font-weight="600" fill="${COLOR.text}">${escaped(title)}</text>`,
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

function panelLines({ title, unit, lines }: LinePanel, left: number, top: number): readonly string[] {
  const [x0, x1] = [left + PLOT.left, left + PANEL.width - PLOT.right];
  const [y0, y1] = [top + PANEL.height - PLOT.bottom, top + PLOT.top];
  const points = lines.flatMap((line) => line.points).filter(({ value }) => Number.isFinite(value));
  const most = points.reduce((max, { value }) => Math.max(max, value), 0) || 1;
  const from = points.reduce((min, { atMs }) => Math.min(min, atMs), Number.POSITIVE_INFINITY);
  const to = points.reduce((max, { atMs }) => Math.max(max, atMs), from + MS_PER_SECOND);
  const x = (ms: number) => at(x0 + ((x1 - x0) * (ms - from)) / (to - from));
  const y = (value: number) => at(y0 - ((y0 - y1) * Math.max(0, value)) / most);
  return [
    `<text x="${left + 4}" y="${top + 14}" font-size="11" font-weight="600" fill="${COLOR.text}">${escaped(title)}</text>`,
    `<path d="M${x0} ${y1}V${y0}H${x1}" fill="none" stroke="${COLOR.frame}"/>`,
    `<text x="${x0 - 4}" y="${y1 + 4}" text-anchor="end" fill="${COLOR.faint}">${escaped(valueText(most, unit))}</text>`,
    `<text x="${x0 - 4}" y="${y0}" text-anchor="end" fill="${COLOR.faint}">0</text>`,
    `<text x="${x1}" y="${y0 + 11}" text-anchor="end" fill="${COLOR.faint}">${Math.round((to - from) / MS_PER_SECOND)} s</text>`,
    ...lines.map(
      ({ points: own }, i) =>
        `<path d="${pathOf(own, x, y)}" fill="none" stroke="${colorOf(i)}" stroke-width="1.3" stroke-linejoin="round"/>`,
    ),
    ...legendLines(lines, left + 4, y0 + 23),
  ];
}

/** A gap where there is no number. */
function pathOf(points: Line['points'], x: (ms: number) => number, y: (value: number) => number): string {
  let isOpen = false;
  let path = '';
  for (const { atMs, value } of points) {
    if (Number.isFinite(value)) path += `${isOpen ? 'L' : 'M'}${x(atMs)} ${y(value)}`;
    isOpen = Number.isFinite(value);
  }
  return path;
}

function legendLines(lines: readonly Line[], left: number, top: number): readonly string[] {
  const shown = lines.slice(0, LEGEND.perRow * LEGEND.rows);
  const step = (PANEL.width - PLOT.right) / LEGEND.perRow;
  return shown.map(({ name }, i) => {
    const rest = lines.length - shown.length;
    const text = i === shown.length - 1 && rest > 0 ? `and ${rest + 1} more` : name.slice(0, LEGEND.charsMax);
    const x = at(left + (i % LEGEND.perRow) * step);
    const y = top + Math.floor(i / LEGEND.perRow) * LEGEND.step;
    return `<text x="${x}" y="${y}" font-size="9" fill="${colorOf(i)}">${escaped(text)}</text>`;
  });
}

const colorOf = (i: number): string => COLORS[i % COLORS.length] ?? COLOR.text;

const BYTE_STEPS = ['', 'K', 'M', 'G', 'T'] as const;
const STEPS = ['', 'k', 'M', 'G', 'T'] as const;

/** As an axis says it. */
export function valueText(value: number, unit: string): string {
  if (unit === 'percentunit') return `${numberText(value * 100)}%`;
  if (unit === 's') return value < 1 ? `${numberText(value * MS_PER_SECOND)} ms` : `${numberText(value)} s`;
  if (unit === 'bytes' || unit === 'binBps')
    return `${scaled(value, 1_024, BYTE_STEPS)}B${unit === 'bytes' ? '' : '/s'}`;
  return `${scaled(value, 1_000, STEPS)}${unit === 'reqps' ? '/s' : ''}`;
}

function scaled(value: number, by: number, steps: readonly string[]): string {
  let step = 0;
  for (; value >= by && step < steps.length - 1; step++) value /= by;
  return `${numberText(value)}${steps[step] ?? ''}`;
}

const numberText = (value: number): string => String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
