// Horizontal bars in panels, as SVG. Pure: the same values make the same bytes, and a chart can be made again from a result alone.
import { escaped } from './escaped.ts';

export interface Bar {
  readonly label: string;
  /** Beside the bar, as people read it. */
  readonly text: string;
  /** From the left; of a bar that is not divided one. */
  readonly segments: readonly { readonly value: number; readonly color: string }[];
  /** The least and the most of several rounds. */
  readonly range?: { readonly min: number; readonly max: number };
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** What colors mean, where bars are divided. */
  readonly legend?: readonly { readonly label: string; readonly color: string }[];
}

const COLUMNS = 2;
const PANEL_WIDTH = 440;
const MARGIN = 16;
const HEAD_HEIGHT = 44;
const PANEL_HEAD_HEIGHT = 26;
const BAR_HEIGHT = 16;
const BAR_STEP = 22;
const LABEL_WIDTH = 150;
/** For the text behind the longest bar. */
const TEXT_WIDTH = 96;
const LEGEND_STEP = 100;
const LEGEND_HEIGHT = 22;
const COLOR = { paper: '#ffffff', text: '#1f2328', faint: '#656d76', whisker: '#1f2328' } as const;

const at = (value: number) => Number(value.toFixed(1));

export function barPanels({ title, panels, legend = [] }: Chart): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const heights = Array.from({ length: rows }, (_, row) =>
    Math.max(...panels.slice(row * COLUMNS, (row + 1) * COLUMNS).map(heightOf)),
  );
  const legendHeight = legend.length === 0 ? 0 : LEGEND_HEIGHT;
  const width = 2 * MARGIN + PANEL_WIDTH * COLUMNS;
  const height = HEAD_HEIGHT + legendHeight + heights.reduce((sum, one) => sum + one, 0) + MARGIN;
  let top = HEAD_HEIGHT + legendHeight;
  const drawn: string[] = [];
  for (const [row, rowHeight] of heights.entries()) {
    for (const [column, panel] of panels.slice(row * COLUMNS, (row + 1) * COLUMNS).entries())
      drawn.push(...panelLines(panel, MARGIN + column * PANEL_WIDTH, top));
    top += rowHeight;
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" fill="${COLOR.paper}"/>`,
    `<text x="${MARGIN}" y="26" font-size="16" font-weight="600" fill="${COLOR.text}">${escaped(title)}</text>`,
    ...legendLines(legend),
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

const heightOf = ({ bars }: Panel): number => PANEL_HEAD_HEIGHT + bars.length * BAR_STEP + MARGIN;

function legendLines(legend: NonNullable<Chart['legend']>): readonly string[] {
  return legend.flatMap(({ label, color }, i) => {
    const x = MARGIN + i * LEGEND_STEP;
    return [
      `<rect x="${x}" y="${HEAD_HEIGHT - 4}" width="10" height="10" fill="${color}"/>`,
      `<text x="${x + 15}" y="${HEAD_HEIGHT + 5}" fill="${COLOR.faint}">${escaped(label)}</text>`,
    ];
  });
}

function panelLines({ title, bars }: Panel, left: number, top: number): readonly string[] {
  const most = Math.max(...bars.map((bar) => Math.max(lengthOf(bar), bar.range?.max ?? 0)));
  const scale = most > 0 ? (PANEL_WIDTH - LABEL_WIDTH - TEXT_WIDTH - MARGIN) / most : 0;
  const head = `<text x="${left}" y="${top + 14}" font-weight="600" fill="${COLOR.text}">${escaped(title)}</text>`;
  const lines = bars.flatMap((bar, i) => barLines(bar, left, top + PANEL_HEAD_HEIGHT + i * BAR_STEP, scale));
  return [head, ...lines];
}

const lengthOf = ({ segments }: Bar): number => segments.reduce((sum, { value }) => sum + value, 0);

function barLines(bar: Bar, left: number, top: number, scale: number): readonly string[] {
  const start = left + LABEL_WIDTH;
  const middle = top + BAR_HEIGHT / 2;
  const lines = [
    `<text x="${start - 8}" y="${middle + 4}" text-anchor="end" fill="${COLOR.text}">${escaped(bar.label)}</text>`,
  ];
  let from = start;
  for (const { value, color } of bar.segments) {
    lines.push(
      `<rect x="${at(from)}" y="${top}" width="${at(value * scale)}" height="${BAR_HEIGHT}" fill="${color}"/>`,
    );
    from += value * scale;
  }
  const { min, max } = bar.range ?? { min: 0, max: 0 };
  if (max > min) {
    const [low, high] = [at(start + min * scale), at(start + max * scale)];
    lines.push(
      `<path d="M${low} ${middle - 4}v8M${low} ${middle}H${high}M${high} ${middle - 4}v8" stroke="${COLOR.whisker}" fill="none"/>`,
    );
  }
  const end = Math.max(from, start + max * scale);
  lines.push(`<text x="${at(end + 6)}" y="${middle + 4}" fill="${COLOR.faint}">${escaped(bar.text)}</text>`);
  return lines;
}
