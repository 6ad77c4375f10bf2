// A result for people, as Markdown. Pure: the same result makes the same text.
import {
  figuresOf,
  GENERATOR_SHARE_MAX,
  type LoadFigures,
  loadFiguresOf,
  type MemoryFigures,
  type Spread,
} from './figures.ts';
import { type Standing, standingsOf, wantedText } from './goals.ts';
import type { Measurement, PeersResult, TsungMeasurement } from './result.ts';
import { isOurs, OURS, SERVER_NAMES, type ServerName, TITLES } from './server.ts';
import { WORK_NAMES, type WorkName } from './works.ts';

/** More than that of a core for other processes, and the figures are doubtful. */
const FOREIGN_SHARE_DOUBTFUL = 0.15;
const GENERATOR_MARK = '†';
const BEHIND_MARK = '‡';

export const WORK_TITLES: Readonly<Record<WorkName, string>> = {
  chat: 'Routed messages',
  archived: 'Archived messages',
  idle: 'Idle sessions',
  login: 'Logins',
  presence: 'Presence',
};

export function reportOf(result: PeersResult): string {
  const { commit, at } = result;
  const figures = figuresOf(result);
  return [
    `# Beside others: ${commit}, ${at.slice(0, 10)}`,
    '',
    ...settingsOf(result),
    '',
    ...goalsTable(result),
    '',
    ...loadTables(figures.loads),
    ...memoryTable(figures.memory),
    ...partsTables(figures.loads, figures.memory),
    ...archiveLines(result),
    ...tsungLines(result.tsung),
    ...doubtsOf(result).flatMap((doubt) => [`- ${doubt}`]),
    '',
  ].join('\n');
}

/** The table of the goals: what all of this is about. */
export function goalsTable(result: PeersResult): readonly string[] {
  const standings = standingsOf(figuresOf(result));
  const names = result.servers.map(({ name }) => name);
  const head = ['work', ...names.map((name) => TITLES[name]), 'ours ÷ the better', 'goal', 'next goal'];
  const rows = standings.map((standing) => [
    `${standing.goal.what}: ${standing.goal.unit}`,
    ...names.map((name) => spreadText(standing.values.get(name))),
    ratioText(standing),
    `${wantedText(standing.goal, standing.goal.must)} ${metText(standing.meetsMust)}`,
    `${wantedText(standing.goal, standing.goal.thenOn)} ${metText(standing.meetsThenOn)}`,
  ]);
  return table(head, rows);
}

const metText = (isMet: boolean | undefined): string => (isMet === undefined ? '' : isMet ? '✔' : '✘');

function ratioText({ ratio, ratios, better }: Standing): string {
  if (ratio === undefined || better === undefined) return '';
  const spread = ratios === undefined ? '' : ` [${ratios.min.toFixed(2)}..${ratios.max.toFixed(2)}]`;
  return `${ratio.toFixed(2)}${spread} (${TITLES[better]})`;
}

const digitsOf = (value: number): number => (value >= 100 ? 0 : value >= 10 ? 1 : 2);

export const numberText = (value: number): string => value.toFixed(digitsOf(Math.abs(value)));

export const spreadText = (spread: Spread | undefined): string => {
  if (spread === undefined) return '–';
  const { median, min, max } = spread;
  return min === max ? numberText(median) : `${numberText(median)} [${numberText(min)}..${numberText(max)}]`;
};

/** By what means, in sentences. */
export function settingsOf({
  machine,
  rounds,
  options,
  servers,
  versions,
  calibrationUs,
  measurements,
}: PeersResult): readonly string[] {
  const { seconds, warmupSeconds, chatUsers, bodyBytes, loginUsers, loginWarmups, groups, contacts, settleSeconds } =
    options;
  const known = [...servers.map(({ name, version }) => `${TITLES[name]} ${version}`)];
  const below = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const [before, after] = calibrationUs;
  return [
    `${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}. ${known.join(', ')}; ${below.join(', ')}. ` +
      `Medians [least..most] of up to ${rounds} rounds: in each, servers do a work one after another, each freshly started, with the same load generator; then the next work. A figure without least and most is of one round. ` +
      `CPU is user and system time of all processes of a server, PostgreSQL and nats-server among them; memory is their proportional set size.`,
    '',
    `- Loopback, no TLS, no limits of traffic, SCRAM-SHA-1 with 4096 iterations and the same keys everywhere. The server has core 0, the generator core 1; for archived messages all share both.`,
    `- Messages: ${chatUsers / 2} pairs, a body of ${bodyBytes} bytes, to the bare JID; routed ones bear \`<no-store/>\`. At max each pair has one under way. ${warmupSeconds} s of warm-up, ${seconds} s are measured.`,
    `- Archived messages are kept for sender and recipient in PostgreSQL (fsync); embedded, in PGlite.`,
    `- Login: ${loginUsers} accounts that have logged in before (${loginWarmups} ×), 50 at a time: connect, SCRAM, bind, presence, the answer to a ping. Idle: bound and available, memory ${settleSeconds} s after the last login less that of the empty system.`,
    `- Presence: ${groups * (contacts + 1)} users, each with ${contacts} mutual contacts who are online; a change goes to all of them and to its sender. At max four are under way.`,
    `- ${roundsText(measurements)}`,
    `- A fixed piece of work took ${before} µs of CPU before, ${after} µs after the run.`,
  ];
}

/** Who did what how often: some servers do it once, or not at all. */
function roundsText(measurements: readonly Measurement[]): string {
  const works = WORK_NAMES.flatMap((work) => {
    const servers = SERVER_NAMES.flatMap((server) => {
      const own = measurements.filter((one) => one.work === work && one.server === server);
      const rounds = new Set(own.map(({ round }) => round)).size;
      return rounds === 0 ? [] : [`${TITLES[server]} ${rounds}`];
    });
    return servers.length === 0 ? [] : [`${WORK_TITLES[work].toLowerCase()}: ${servers.join(', ')}`];
  });
  return `Rounds of ${works.join('; ')}.`;
}

function loadTables(loads: readonly LoadFigures[]): readonly string[] {
  const keys = [...new Set(loads.map(({ work, transport }) => `${work} ${transport}`))];
  return keys.flatMap((key) => {
    const of = loads.filter(({ work, transport }) => `${work} ${transport}` === key);
    const [{ work, transport } = { work: 'chat' as const, transport: 'tcp' as const }] = of;
    const head = ['server', 'load', 'a second', 'µs of CPU for each', 'p50, ms', 'p99, ms', 'of the generator’s core'];
    const rows = of.map((figures) => [
      TITLES[figures.server],
      loadText(figures),
      spreadText(figures.perSecond),
      spreadText(figures.costUs),
      latencyText(figures.p50Ms),
      latencyText(figures.p99Ms),
      figures.generatorShare.toFixed(2) + (figures.generatorShare > GENERATOR_SHARE_MAX ? ` ${GENERATOR_MARK}` : ''),
    ]);
    return [`## ${WORK_TITLES[work]}, ${transportText(transport)}`, '', ...table(head, rows), ''];
  });
}

/** Of nothing that was delivered there is none. */
const latencyText = ({ median }: Spread): string => (median > 0 ? numberText(median) : '–');

const transportText = (transport: 'tcp' | 'ws') => (transport === 'ws' ? 'WebSocket' : 'TCP');

const loadText = ({ load, isBehind }: LoadFigures): string =>
  `${load === 'max' ? 'max' : `${load}/s`}${isBehind ? ` ${BEHIND_MARK}` : ''}`;

function memoryTable(memory: readonly MemoryFigures[]): readonly string[] {
  if (memory.length === 0) return [];
  const head = ['server', 'transport', 'sessions', 'KiB a session', 'MiB of all processes'];
  const rows = memory.map(({ server, transport, sessions, perSessionKiB, totalKiB }) => [
    TITLES[server],
    transportText(transport),
    `${sessions}`,
    spreadText(perSessionKiB),
    numberText(totalKiB.median / 1_024),
  ]);
  return [`## ${WORK_TITLES.idle}`, '', ...table(head, rows), ''];
}

/** Where ours spends it. */
function partsTables(loads: readonly LoadFigures[], memory: readonly MemoryFigures[]): readonly string[] {
  const own = loads.filter(({ server }) => server === OURS);
  const idle = memory.filter(({ server }) => server === OURS);
  const named = [...own.map(({ partsUs }) => partsUs), ...idle.map(({ partsKiB }) => partsKiB)];
  const parts = [...new Set(named.flatMap((of) => Object.keys(of)))];
  if (parts.length === 0) return [];
  const rows = own.map((figures) => [
    `${WORK_TITLES[figures.work]}, ${transportText(figures.transport)}, ${loadText(figures)}: µs`,
    ...parts.map((part) => numberText(figures.partsUs[part] ?? 0)),
  ]);
  const idleRows = idle.map(({ transport, sessions, partsKiB }) => [
    `${sessions} idle sessions, ${transportText(transport)}: KiB each`,
    ...parts.map((part) => numberText(partsKiB[part] ?? 0)),
  ]);
  return [`## ${TITLES[OURS]} by part`, '', ...table(['', ...parts], [...rows, ...idleRows]), ''];
}

function archiveLines({ measurements }: PeersResult): readonly string[] {
  const of = measurements.filter(({ archive }) => archive !== undefined);
  const servers = [...new Set(of.map(({ server }) => server))];
  const lines = servers.map((server) => {
    const own = of.filter((measurement) => measurement.server === server);
    const rows = own.reduce((total, { archive }) => total + (archive?.rows ?? 0), 0);
    const sent = own
      .flatMap(({ lines: all }) => all)
      .reduce((total, line) => total + (line.kind === 'total' ? line.sent : 0), 0);
    const lag = Math.max(...own.map(({ archive }) => archive?.lagSeconds ?? 0));
    return `- ${TITLES[server]}: ${sent} messages, ${rows} rows; the last row came at most ${lag.toFixed(1)} s behind the last delivery.`;
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

/** What the generator of others has found. */
export function tsungLines(tsung: readonly TsungMeasurement[]): readonly string[] {
  if (tsung.length === 0) return [];
  const rows = tsung.map(({ server, users, messages, cpuUs, cpuUsWithout }) => [
    TITLES[server],
    `${users}`,
    `${messages}`,
    numberText((cpuUs - cpuUsWithout) / messages),
  ]);
  return [
    '## By an independent generator',
    '',
    'By tsung, over TCP: the CPU of a run with messages, less that of one with logins and no messages, for each message.',
    '',
    ...table(['server', 'sessions', 'messages', 'µs of CPU a message'], rows),
    '',
  ];
}

/** What speaks against the figures, or is missing. */
export function doubtsOf(result: PeersResult): readonly string[] {
  const { loads } = figuresOf(result);
  const doubts = [...result.failures, ...result.missing];
  for (const figures of loads) {
    const where = `${TITLES[figures.server]}, ${WORK_TITLES[figures.work]}, ${transportText(figures.transport)}, ${loadText(figures)}`;
    if (figures.generatorShare > GENERATOR_SHARE_MAX)
      doubts.push(
        `${GENERATOR_MARK} ${where}: the generator took ${figures.generatorShare.toFixed(2)} of its core: it is the bottleneck, and the server may do more.`,
      );
    if (figures.isBehind)
      doubts.push(
        `${BEHIND_MARK} ${where}: more than it can do here; it fell behind, and its figures are those of overload.`,
      );
    if (figures.foreignShare > FOREIGN_SHARE_DOUBTFUL)
      doubts.push(`Doubtful: other processes took up to ${figures.foreignShare.toFixed(2)} of a core. ${where}`);
  }
  return doubts;
}

/** Ours beside the better of the others where not as much goes as can, in a sentence; empty where that was not measured. */
export function pacedText({ measurements }: PeersResult): string {
  const paced = loadFiguresOf(measurements).filter(({ load, isBehind }) => load !== 'max' && !isBehind);
  const ratios = paced.flatMap((own) => {
    const same = paced.filter((o) => !isOurs(o.server) && o.work === own.work && o.transport === own.transport);
    if (own.server !== OURS || same.length === 0) return [];
    const best = Math.min(...same.map(({ costUs }) => costUs.median));
    const ratio = (own.costUs.median / best).toFixed(2);
    return [
      `${WORK_TITLES[own.work].toLowerCase()} over ${transportText(own.transport)} at ${loadText(own)}: ${ratio}`,
    ];
  });
  return ratios.length === 0
    ? ''
    : `That is as fast as it goes. At a pace, where little shares a system call, the CPU of ours ÷ the better is another one. ${capital(ratios.join('; '))}.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Where one of the others is better than ours: in sentences. */
export const lossesOf = (result: PeersResult): readonly string[] => {
  const { loads, memory } = figuresOf(result);
  return [...loadLosses(loads), ...memoryLosses(memory)];
};

/** Of all that a server takes, and not only of what grows. */
function memoryLosses(memory: readonly MemoryFigures[]): readonly string[] {
  const MiB = ({ median }: Spread) => numberText(median / 1_024);
  return memory.flatMap((own) => {
    if (own.server !== OURS) return [];
    const lighter = memory.filter(
      (other) =>
        !isOurs(other.server) &&
        other.transport === own.transport &&
        other.sessions === own.sessions &&
        other.totalKiB.median < own.totalKiB.median,
    );
    if (lighter.length === 0) return [];
    const text = (f: MemoryFigures) => `${TITLES[f.server]} ${MiB(f.totalKiB)} (empty: ${MiB(f.emptyKiB)})`;
    return [
      `${WORK_TITLES.idle}, ${transportText(own.transport)}, MiB of all processes with ${own.sessions} of them: ${lighter.map(text).join(', ')}; ours ${MiB(own.totalKiB)} (empty: ${MiB(own.emptyKiB)}).`,
    ];
  });
}

function loadLosses(loads: readonly LoadFigures[]): readonly string[] {
  return loads.flatMap((own) => {
    if (own.server !== OURS) return [];
    const same = loads.filter(
      (other) =>
        !isOurs(other.server) &&
        other.work === own.work &&
        other.transport === own.transport &&
        other.load === own.load &&
        !other.isBehind,
    );
    const where = `${WORK_TITLES[own.work]}, ${transportText(own.transport)}, ${loadText(own)}`;
    const better = (what: string, of: (figures: LoadFigures) => number, isMore = false) => {
      const best = same.filter((other) => (isMore ? of(other) > of(own) : of(other) < of(own)));
      return best.length === 0
        ? []
        : [
            `${where}, ${what}: ${best.map((o) => `${titleOf(o.server)} ${numberText(of(o))}`).join(', ')}; ours ${numberText(of(own))}.`,
          ];
    };
    return [
      ...better('µs of CPU for each', (f) => f.costUs.median),
      ...(own.load === 'max' ? better('a second', (f) => f.perSecond.median, true) : []),
      ...(hasLatency(own) ? better('p50, ms', (f) => f.p50Ms.median) : []),
      ...(hasLatency(own) ? better('p99, ms', (f) => f.p99Ms.median) : []),
    ];
  });
}

/** As fast as it goes, a message takes as long as the others that wait with it; of logins as many wait everywhere. */
const hasLatency = ({ load, work }: LoadFigures): boolean => load !== 'max' || work === 'login';

const titleOf = (name: ServerName): string => TITLES[name];

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => ' --- ').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];
