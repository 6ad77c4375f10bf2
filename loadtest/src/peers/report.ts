// The comparison for people, as Markdown. Pure.
import type { PeerFigures } from './figures.ts';

export interface ReportHead {
  readonly commit: string;
  readonly day: string;
  readonly machine: string;
  readonly users: number;
  readonly contacts: number;
  readonly perSecond: number;
  readonly rounds: number;
  readonly serverCores: string;
  readonly generatorCores: string;
}

/** More than that of other processes, and the figures are doubtful. */
const FOREIGN_CORES_DOUBTFUL = 0.15;
const GENERATOR_CORES_DOUBTFUL = 0.7;

type Row = readonly [what: string, of: (figures: PeerFigures) => number, digits: number, isCost: boolean];

/** Ours last: its cost is told in multiples of the others' as well. */
export function reportOf(head: ReportHead, all: readonly PeerFigures[]): string {
  const rows: readonly Row[] = [
    ['presence at max: µs of CPU for each delivery', (f) => f.presenceMaxUs, 1, true],
    ['presence at max: deliveries/s', (f) => f.presenceMaxPerSecond, 0, false],
    [`presence, ${head.perSecond} sends/s: µs of CPU for each delivery`, (f) => f.presencePacedUs, 1, true],
    [`presence, ${head.perSecond} sends/s: p50, ms`, (f) => f.presencePacedP50Ms, 1, false],
    [`presence, ${head.perSecond} sends/s: p99, ms`, (f) => f.presencePacedP99Ms, 1, false],
    [`login with ${head.contacts} contacts: ms of CPU`, (f) => f.loginMs, 2, true],
    [`login with ${head.contacts} contacts: logins/s`, (f) => f.loginsPerSecond, 0, false],
  ];
  return [
    `# Presence and logins beside others: ${head.commit}, ${head.day}`,
    '',
    methodOf(head),
    '',
    ...table(
      ['', ...all.map(({ name, version }) => `${name} ${version}`)],
      rows.map((row) => cellsOf(row, all)),
    ),
    '',
    'In brackets: how many times the cost of the others, in their order. CPU is user and system time of all processes of a server.',
    '',
    ...all.flatMap(partsOf),
    ...doubtsAbout(all),
  ].join('\n');
}

const methodOf = ({ machine, users, contacts, perSecond, rounds, serverCores, generatorCores }: ReportHead) =>
  `${machine}. ${users} users online in groups in which everybody has everybody else, ${contacts} contacts each; a presence goes to all of them and to its sender. ` +
  `At max: 4 sends under way; paced: ${perSecond} sends/s. A login: connect, SCRAM-SHA-1, bind, roster get, presence, and the answer to a ping behind it; 50 at the same time. ` +
  `Plain TCP on loopback. One server after another, ${rounds === 1 ? 'once' : `${rounds} times`}, each with all its processes on core ${serverCores}, the same generator on core ${generatorCores}; medians. ` +
  'The others store in their own files and keep no archive; ours runs on nats-server and PostgreSQL with fsync.';

function cellsOf([what, of, digits, isCost]: Row, all: readonly PeerFigures[]): readonly string[] {
  const own = all.at(-1);
  const cells = all.map((figures) => of(figures).toFixed(digits));
  if (!isCost || own === undefined || all.length < 2) return [what, ...cells];
  const times = all.slice(0, -1).map((other) => `×${(of(own) / of(other)).toFixed(2)}`);
  return [what, ...cells.slice(0, -1), `${cells.at(-1)} (${times.join(', ')})`];
}

/** Where a server of several parts spends it. */
function partsOf({ name, parts }: PeerFigures): readonly string[] {
  const entries = Object.entries(parts);
  if (entries.length < 2) return [];
  const head = [`${name}, by part`, 'µs a presence at max', 'µs a presence, paced', 'ms a login'];
  const rows = entries.map(([part, [maxUs, pacedUs, loginMs]]) => [
    part,
    maxUs.toFixed(1),
    pacedUs.toFixed(1),
    loginMs.toFixed(2),
  ]);
  return [...table(head, rows), ''];
}

function doubtsAbout(all: readonly PeerFigures[]): readonly string[] {
  const doubts: string[] = [];
  for (const { name, foreignCores, generatorCores } of all) {
    if (foreignCores > FOREIGN_CORES_DOUBTFUL)
      doubts.push(`Doubtful: other processes took up to ${foreignCores.toFixed(2)} of a core beside ${name}.`);
    if (generatorCores > GENERATOR_CORES_DOUBTFUL)
      doubts.push(`Doubtful: the generator took up to ${generatorCores.toFixed(2)} of its core beside ${name}.`);
  }
  return doubts.length === 0 ? doubts : [...doubts, ''];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => ' --- ').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];
