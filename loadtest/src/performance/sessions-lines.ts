import { othersDoubt } from '../bench/others-share.ts';
import { numberText } from '../peers/report.ts';
import { messageFiguresOf, type Parts, sessionFiguresOf, totalOf } from '../sessions/sessions-figures.ts';
import type { KeptSessions, SessionsResult, ShownSessions } from '../sessions/sessions-result.ts';

export const SESSIONS_CHART = 'sessions.svg';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => '---:')),
  ...rows.map(row),
];
const partCells = (parts: Parts): readonly string[] => [totalOf(parts), ...Object.values(parts)].map(numberText);
const PART_HEADS = ['all', 'edges', 'presence', 'nats-server', 'archive, roster, PostgreSQL'];

/** What was found, as tables in Markdown. Pure. */
export function sessionsTables(result: SessionsResult): readonly string[] {
  const sessions = sessionFiguresOf(result);
  const messages = messageFiguresOf(result);
  const doubt = othersDoubt(result.othersShare);
  const unit = (head: string) => [head, ...PART_HEADS.slice(1)];
  return [
    ...(sessions.length === 0
      ? []
      : [
          ...table(
            ['sessions', ...unit('KiB a session'), ...unit('idle: µs of CPU a second each'), 'cores, idle'],
            sessions.map((f) => [`${f.sessions}`, ...partCells(f.kib), ...partCells(f.idleUs), f.idleCores.toFixed(2)]),
          ),
          '',
          ...table(
            [
              'sessions',
              'logins a second',
              'their p99, ms',
              ...unit('µs of CPU a login'),
              'a pair meanwhile: p50, ms',
              'p99, ms',
            ],
            sessions.map((f) => [
              ...[`${f.sessions}`, numberText(f.loginsPerSecond), numberText(f.loginP99Ms), ...partCells(f.loginUs)],
              ...[numberText(f.pairP50Ms), numberText(f.pairP99Ms)],
            ]),
          ),
          '',
        ]),
    ...(messages.length === 0
      ? []
      : [
          ...table(
            ['edges', 'messages a second', ...unit('µs of CPU a message'), 'p50, ms', 'p99, ms'],
            messages.map((f) => [
              ...[`${f.edges}`, f.load === 'max' ? `as many as go: ${numberText(f.perSecond)}` : `${f.load}`],
              ...[...partCells(f.us), numberText(f.p50Ms), numberText(f.p99Ms)],
            ]),
          ),
          '',
        ]),
    ...waitedLines(result),
    ...(doubt === '' ? [] : [`Doubtful: ${doubt}.`, '']),
    ...(result.stopped === undefined ? [] : [`Stopped before its end: ${result.stopped}.`, '']),
  ];
}

function waitedLines({ steps }: SessionsResult): readonly string[] {
  const waited = steps.reduce((sum, { logins }) => sum + logins.waited, 0);
  return waited === 0 ? [] : [`Logins that were told to wait, and tried again: ${waited}.`, ''];
}

/** What is shown, as if one run had found it. Pure. */
export const shownTogether = ({ sessions, messages }: ShownSessions): SessionsResult => ({
  ...sessions.result,
  messages: messages.result.messages,
});

/** The result with the most sessions, and the newest of messages on several edges, as a part of docs/performance.md; empty when there is none. Pure. */
export function sessionsLines(shown: ShownSessions | undefined): readonly string[] {
  if (shown === undefined) return [];
  const { file, result } = shown.sessions;
  const { edges, options } = result;
  return [
    '## Many sessions on one machine',
    '',
    `Authenticated WebSocket sessions that are available and silent, on ${edges} edges with one load process each, real NATS and PostgreSQL, all on this machine: ${runText(result)}; \`${file}\`, by \`npm run bench:sessions -- --sessions ${options.sessions} --minutes ${minutesFor(result)}\`; to log them all in took ${minutesText(result)} minutes. Processes have more patience than by default, as so many share few cores: one is dead after 30 s of silence (\`STARLING_DEAD_AFTER\`, else 3 s), a bind may take 60 s; load processes have a niceness of 10. Memory is the proportional set size of all processes, less that of the empty cluster. Two more sessions write to each other from one edge to another while the others are idle.`,
    '',
    ...sessionsTables({ ...result, messages: [] }),
    ...messagesLines(shown.messages),
    `![Cost of a session against sessions, of a message against edges](performance/${SESSIONS_CHART})`,
    '',
  ];
}

const loginMinutes = ({ steps }: SessionsResult): number =>
  steps.reduce((seconds, { logins }) => seconds + logins.seconds, 0) / 60;

const minutesText = (result: SessionsResult): string => loginMinutes(result).toFixed(0);

/** With room for all that is not logins. */
const minutesFor = (result: SessionsResult): number => Math.ceil((loginMinutes(result) * 4) / 3 / 10) * 10;

function messagesLines({ file, result }: KeptSessions): readonly string[] {
  const { messages, machine } = result;
  if (messages.length === 0) return [];
  return [
    `Routed messages (\`<no-store/>\`) on one edge and on several, with as many users on each, and everybody's partner on another edge if there is one; all edges and the load share ${machine.cores} cores: ${runText(result)}; \`${file}\`, by \`npm run bench:sessions -- --sessions 0\`.`,
    '',
    ...sessionsTables({ ...result, steps: [] }),
  ];
}

const runText = ({ at, commit, machine }: SessionsResult): string =>
  `${machine.cores} × ${machine.cpu}, ${machine.GiB} GiB; ${at.slice(0, 10)}, commit ${commit}, Node ${machine.node}, nats-server ${machine.nats}`;
