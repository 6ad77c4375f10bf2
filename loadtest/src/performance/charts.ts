// A result → the charts of docs/performance.md. Pure.
import { figuresOf, type LoadFigures, type Spread } from '../peers/figures.ts';
import { numberText } from '../peers/report.ts';
import type { PeersResult } from '../peers/result.ts';
import { isOurs, OURS, type ServerName, TITLES } from '../peers/server.ts';
import { type Bar, barPanels, type Chart, type Panel } from './bar-panels.ts';

const COLOR = { ours: '#0969da', embedded: '#7cb8f5', others: '#afb8c1' } as const;
const PART_COLORS = ['#0969da', '#8250df', '#bf8700', '#1a7f37', '#cf222e', '#57606a', '#d4a72c', '#6fdd8b'] as const;

const colorOf = (server: ServerName): string =>
  server === OURS ? COLOR.ours : isOurs(server) ? COLOR.embedded : COLOR.others;

const WORK_TITLES = {
  chat: 'routed message',
  archived: 'message archived for both',
  idle: 'idle session',
  login: 'login',
  presence: 'delivered presence',
} as const;
const TRANSPORT_TITLES = { tcp: 'TCP', ws: 'WebSocket' } as const;
const MICROSECONDS_OF_MILLISECOND = 1_000;

/** File name → SVG. */
export function chartsOf(result: PeersResult): ReadonlyMap<string, string> {
  const { loads, memory } = figuresOf(result);
  const fastest = loads.filter(({ load }) => load === 'max');
  const paced = loads.filter(({ load, isBehind }) => load !== 'max' && !isBehind);
  const steps = new Map(memory.map(({ transport }) => [transport, 0]));
  for (const { transport, sessions } of memory) steps.set(transport, Math.max(sessions, steps.get(transport) ?? 0));
  const full = memory.filter(({ transport, sessions }) => steps.get(transport) === sessions);
  const charts: Readonly<Record<string, Chart>> = {
    'cpu.svg': {
      title: 'CPU for each, all processes together (less is better)',
      panels: panelsOf(fastest, workTitle, (f) => f.server, costBar),
    },
    'rate.svg': {
      title: 'As fast as it goes, a second (more is better)',
      panels: panelsOf(
        fastest,
        workTitle,
        (f) => f.server,
        (f) => barOf(f.server, f.perSecond, ''),
      ),
    },
    'latency.svg': {
      title: 'At a steady pace: the slowest of a hundred (less is better)',
      panels: panelsOf(
        paced,
        (f) => `${workTitle(f)}, ${f.load} a second`,
        (f) => f.server,
        (f) => barOf(f.server, f.p99Ms, ' ms'),
      ),
    },
    'memory.svg': {
      title: 'Memory of an idle session, all processes together (less is better)',
      panels: panelsOf(
        full,
        (f) => `${TRANSPORT_TITLES[f.transport]}, ${f.sessions} sessions`,
        (f) => f.server,
        (f) => barOf(f.server, f.perSessionKiB, ' KiB'),
      ),
    },
    'parts.svg': partsChart(fastest.filter(({ server }) => server === OURS)),
  };
  const drawn = Object.entries(charts).filter(([, { panels }]) => panels.length > 0);
  return new Map(drawn.map(([name, chart]) => [name, barPanels(chart)]));
}

const workTitle = ({ work, transport }: LoadFigures): string => `${WORK_TITLES[work]}, ${TRANSPORT_TITLES[transport]}`;

/** One panel for each title, in the order of their first figures. */
function panelsOf<F>(
  figures: readonly F[],
  titleOf: (figures: F) => string,
  serverOf: (figures: F) => ServerName,
  bar: (figures: F) => Bar,
): readonly Panel[] {
  const titles = [...new Set(figures.map(titleOf))];
  return titles.map((title) => ({
    title,
    bars: figures
      .filter((one) => titleOf(one) === title)
      .toSorted((a, b) => rank(serverOf(a)) - rank(serverOf(b)))
      .map(bar),
  }));
}

const rank = (server: ServerName): number => Object.keys(TITLES).indexOf(server);

function costBar({ server, work, costUs }: LoadFigures): Bar {
  if (work !== 'login') return barOf(server, costUs, ' µs');
  const ms = (us: number) => us / MICROSECONDS_OF_MILLISECOND;
  return barOf(server, { median: ms(costUs.median), min: ms(costUs.min), max: ms(costUs.max) }, ' ms');
}

const barOf = (server: ServerName, { median, min, max }: Spread, unit: string): Bar => ({
  label: TITLES[server],
  text: `${numberText(median)}${unit}`,
  segments: [{ value: median, color: colorOf(server) }],
  range: { min, max },
});

/** Where ours spends it: each bar is a whole, so that works of different size can be read beside one another. */
function partsChart(own: readonly LoadFigures[]): Chart {
  const parts = [...new Set(own.flatMap(({ partsUs }) => Object.keys(partsUs)))];
  const colorOfPart = (part: string) => PART_COLORS[parts.indexOf(part) % PART_COLORS.length] ?? COLOR.others;
  const bars = own.map((figures) => {
    const total = Object.values(figures.partsUs).reduce((sum, us) => sum + us, 0);
    return {
      label: `${workTitle(figures)}`.replace('message archived for both', 'archived message'),
      text: `${numberText(figures.costUs.median)} µs`,
      segments: Object.entries(figures.partsUs).map(([part, us]) => ({ value: us / total, color: colorOfPart(part) })),
    };
  });
  return {
    title: 'Where Starling spends its CPU',
    panels: bars.length === 0 ? [] : [{ title: 'share of each part', bars }],
    legend: parts.map((part) => ({ label: part, color: colorOfPart(part) })),
  };
}
