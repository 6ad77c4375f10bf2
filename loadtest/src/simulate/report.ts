// A result for people. Pure: the same result makes the same text.
import type { Phase, SimulateResult } from './result.ts';
import { sumOf, type TrafficKind } from './traffic.ts';

const KILO = 1_024;
const MEGA = 1_024 * 1_024;

/** Who spends CPU, in the order of the tables. */
const ROLES = ['edge', 'presence'] as const;

export const numberText = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });

export const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] => [
  row(head),
  row(head.map((_, i) => (i === 0 ? '---' : '---:'))),
  ...rows.map(row),
];

/** Messages of the bus in a phase, of all kinds. */
export const messagesOf = ({ traffic }: Phase): number => sumOf(Object.values(traffic)).messages;

/** Messages that carry presence: all but requests, tables and logs. */
export const PRESENCE_KINDS = [
  'edge → owner',
  'owner → owner',
  'owner → edge',
] as const satisfies readonly TrafficKind[];

export const countOf = ({ traffic }: Phase, kinds: readonly TrafficKind[]): number =>
  kinds.reduce((sum, kind) => sum + (traffic[kind]?.messages ?? 0), 0);

/** What each of the things that were done has cost. */
export function phasesTable(phases: readonly Phase[]): readonly string[] {
  const head = [
    '',
    'count',
    'NATS messages',
    'bytes',
    'stanzas to clients',
    'µs of edges',
    'µs of owners',
    'told after',
  ];
  return table(
    head,
    phases.map((phase) => {
      const each = (value: number) => numberText(value / Math.max(1, phase.count));
      const all = sumOf(Object.values(phase.traffic));
      return [
        `${phase.name}, each ${phase.unit}`,
        numberText(phase.count),
        each(all.messages),
        each(all.bytes),
        each(phase.written.stanzas),
        ...ROLES.map((role) => each(phase.cpuUs[role] ?? 0)),
        phase.written.stanzas === 0 ? '–' : `${phase.toldAfterSeconds.toFixed(2)} s`,
      ];
    }),
  );
}

/** Of which kind the messages were. */
export function kindsTable(phases: readonly Phase[]): readonly string[] {
  const kinds = [...new Set(phases.flatMap(({ traffic }) => Object.keys(traffic) as TrafficKind[]))];
  const busy = phases.filter((phase) => messagesOf(phase) > 0);
  return table(
    ['messages for each', ...busy.map(({ name }) => name)],
    kinds.map((kind) => [
      kind,
      ...busy.map(({ traffic, count }) => numberText((traffic[kind]?.messages ?? 0) / Math.max(1, count))),
    ]),
  );
}

export function settingsOf(result: SimulateResult): readonly string[] {
  const { options, simulated, took, machine, at, commit } = result;
  const { sessions, contacts, edges, wholeEdges, owners, rate, share, seed } = options;
  const whole = wholeEdges < edges ? ` (${wholeEdges} of them whole)` : '';
  const part =
    share < 1
      ? ` ${numberText(simulated.sessions)} sessions in the partitions of ${simulated.owners} owners are simulated, the others are sources of presence and messages.`
      : '';
  return [
    `${numberText(sessions)} sessions with ${contacts} contacts each, ${edges} edges${whole}, ${owners} presence owners, ${numberText(rate)} logins, changes or messages a second.${part}`,
    '',
    `${at.slice(0, 10)}, commit ${commit}, seed ${seed}; ${machine.cpu}, Node ${machine.node.replace(/^v/, '')}: ${numberText(took.seconds)} s, ${numberText(took.cpuSeconds)} s of CPU, ${numberText(took.steps)} steps.${result.stopped === '' ? '' : ` It was ended early: ${result.stopped}.`}`,
  ];
}

export function memoryLine({ memory }: SimulateResult): string {
  const { edgeBytesASession, ownerBytesASession, heapBytes, rssBytes } = memory;
  const kilo = (bytes: number) => `${(bytes / KILO).toFixed(1)} KiB`;
  return `Memory of a session: ${kilo(ownerBytesASession)} in its owner, ${kilo(edgeBytesASession)} in its edge without its connection. The whole process had ${numberText(heapBytes / MEGA)} MiB of heap and buffers, ${numberText(rssBytes / MEGA)} MiB resident.`;
}

/** For the terminal. */
export function linesOf(result: SimulateResult): readonly string[] {
  const { phases, views, failures } = result;
  return [
    ...settingsOf(result),
    '',
    ...phasesTable(phases),
    '',
    ...kindsTable(phases),
    '',
    memoryLine(result),
    `${views.compared} views compared with the truth, ${views.wrong} wrong${views.wrong > 0 ? `: ${views.first}` : ''}.`,
    ...failures,
  ];
}
