// What ours has to reach beside the better of the others, and whether it does. Pure.
import { type Figures, type Rounds, type Spread, spreadOf } from './figures.ts';
import type { Transport } from './generator/orders.ts';
import { isOurs, OURS, type ServerName } from './server.ts';
import type { WorkName } from './works.ts';

/** Which figure counts: of the load at max, or of the most sessions. */
export type Measure = 'cost' | 'rate' | 'memory';

export interface Goal {
  readonly work: WorkName;
  readonly transport: Transport;
  readonly measure: Measure;
  readonly what: string;
  readonly unit: string;
  /** Cost and rate: ours divided by the better of the others; memory: KiB. */
  readonly must: number;
  readonly thenOn: number;
}

export const GOALS: readonly Goal[] = [
  {
    work: 'chat',
    transport: 'ws',
    measure: 'cost',
    what: 'routed message, WebSocket',
    unit: 'µs of CPU',
    must: 1 / 3,
    thenOn: 1 / 5,
  },
  {
    work: 'chat',
    transport: 'tcp',
    measure: 'cost',
    what: 'routed message, TCP',
    unit: 'µs of CPU',
    must: 1 / 2,
    thenOn: 1 / 3,
  },
  {
    work: 'archived',
    transport: 'tcp',
    measure: 'cost',
    what: 'message archived for both users, TCP',
    unit: 'µs of CPU',
    must: 1 / 4,
    thenOn: 1 / 8,
  },
  {
    work: 'archived',
    transport: 'tcp',
    measure: 'rate',
    what: 'the same, rate',
    unit: 'messages/s',
    must: 3,
    thenOn: 8,
  },
  {
    work: 'idle',
    transport: 'ws',
    measure: 'memory',
    what: 'idle session, WebSocket',
    unit: 'KiB',
    must: 10,
    thenOn: 5,
  },
  { work: 'idle', transport: 'tcp', measure: 'memory', what: 'idle session, TCP', unit: 'KiB', must: 12, thenOn: 6 },
  {
    work: 'login',
    transport: 'tcp',
    measure: 'cost',
    what: 'login, TCP',
    unit: 'µs of CPU',
    must: 2 / 3,
    thenOn: 1 / 3,
  },
  {
    work: 'presence',
    transport: 'tcp',
    measure: 'cost',
    what: 'presence, each delivery, TCP',
    unit: 'µs of CPU',
    must: 1 / 2,
    thenOn: 1 / 4,
  },
];

export interface Standing {
  readonly goal: Goal;
  readonly values: ReadonlyMap<ServerName, Rounds>;
  /** The best of the others. */
  readonly better: ServerName | undefined;
  /** Ours divided by it. */
  readonly ratio: number | undefined;
  /** The same of each round that has both; undefined where only one has. */
  readonly ratios: Spread | undefined;
  readonly meetsMust: boolean | undefined;
  readonly meetsThenOn: boolean | undefined;
}

/** How it stands with each goal that was measured. */
export function standingsOf(figures: Figures, goals: readonly Goal[] = GOALS): readonly Standing[] {
  return goals.flatMap((goal) => {
    const values = valuesOf(figures, goal);
    return values.size === 0 ? [] : [standingOf(goal, values)];
  });
}

function standingOf(goal: Goal, values: ReadonlyMap<ServerName, Rounds>): Standing {
  const isRate = goal.measure === 'rate';
  const others = [...values].filter(([name]) => !isOurs(name));
  const [better] = others.sort(([, a], [, b]) => (isRate ? b.median - a.median : a.median - b.median))[0] ?? [];
  const rounds = values.get(OURS);
  const own = rounds?.median;
  const best = better === undefined ? undefined : values.get(better);
  const ratio = own === undefined || best === undefined ? undefined : own / best.median;
  const each = rounds?.all.flatMap((value, round) => {
    const other = best?.all[round];
    return other === undefined ? [] : [value / other];
  });
  const ratios = each === undefined || each.length < 2 ? undefined : spreadOf(each);
  const reached = goal.measure === 'memory' ? own : ratio;
  const meets = (wanted: number) => {
    if (reached === undefined) return undefined;
    return isRate ? reached >= wanted : reached <= wanted;
  };
  return { goal, values, better, ratio, ratios, meetsMust: meets(goal.must), meetsThenOn: meets(goal.thenOn) };
}

function valuesOf({ loads, memory }: Figures, { work, transport, measure }: Goal): ReadonlyMap<ServerName, Rounds> {
  if (measure === 'memory') {
    const of = memory.filter((m) => m.transport === transport);
    const most = Math.max(...of.map(({ sessions }) => sessions));
    return new Map(of.filter((m) => m.sessions === most).map((m) => [m.server, m.perSessionKiB]));
  }
  const of = loads.filter((l) => l.work === work && l.transport === transport && l.load === 'max');
  return new Map(of.map((l) => [l.server, measure === 'rate' ? l.perSecond : l.costUs]));
}

/** As people write it: ≤ 1/3, ≥ 3 ×, ≤ 10 KiB. */
export function wantedText({ measure, unit }: Goal, wanted: number): string {
  if (measure === 'memory') return `≤ ${wanted} ${unit}`;
  if (measure === 'rate') return `≥ ${wanted} ×`;
  const numerator = Math.abs(Math.round(1 / wanted) * wanted - 1) < 1e-9 ? 1 : 2;
  return `≤ ${numerator}/${Math.round(numerator / wanted)}`;
}
