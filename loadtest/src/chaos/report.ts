import { cpus } from 'node:os';
import { currentCommit, keepFile } from '../bench/results.ts';
import { natsVersion } from '../nats-binary.ts';
import type { RunResult } from './run-scenario.ts';
import type { Figures } from './verdict.ts';

/** The columns of the table, in their order. */
const COLUMNS: readonly (readonly [title: string, of: (figures: Figures) => number])[] = [
  ['sent', (f) => f.sent],
  ['acknowledged', (f) => f.acknowledged],
  ['archived', (f) => f.archived],
  ['delivered', (f) => f.delivered],
  ['refused', (f) => f.refused],
  ['lost', (f) => f.lost],
  ['stored twice', (f) => f.storedTwice],
  ['out of order', (f) => f.outOfOrder],
  ['delivered twice', (f) => f.deliveredTwice],
  ['resumed', (f) => f.resumed],
  ['anew', (f) => f.anew],
  ['ghosts', (f) => f.ghosts],
  ['unanswered IQs', (f) => f.unansweredIqs],
  ['rosters differ', (f) => f.rostersDiffer],
  ['longest stall, s', (f) => Math.round(f.longestStallMs / 100) / 10],
  ['longest away, s', (f) => Math.round(f.longestAwayMs / 100) / 10],
];

export interface ChaosReport {
  readonly at: string;
  readonly commit: string;
  readonly clients: number;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly nats: string };
  readonly results: readonly RunResult[];
}

export function reportOf(clients: number, results: readonly RunResult[]): ChaosReport {
  const [{ model: cpu = '' } = {}] = cpus();
  const machine = { cpu, cores: cpus().length, node: process.version, nats: natsVersion() };
  return { at: new Date().toISOString(), commit: currentCommit(), clients, machine, results };
}

/** One line for each run. */
export function printRun({ scenario, seed, figures, tookSeconds, blows, trouble, reasons }: RunResult): void {
  const cells = COLUMNS.map(([title, of]) => `${title} ${of(figures)}`).join(', ');
  console.log(`${scenario} --seed ${seed} (${tookSeconds} s): ${cells}`);
  console.log(`  ${blows.join('; ')}`);
  if (reasons.length > 0) console.log(`  clients heard: ${reasons.join('; ')}`);
  console.log(trouble.length === 0 ? '  every promise kept' : `  BROKEN: ${trouble.join('; ')}`);
}

export function printTable(results: readonly RunResult[]): void {
  console.table(
    Object.fromEntries(
      results.map(({ scenario, seed, figures }) => [
        `${scenario} ${seed}`,
        Object.fromEntries(COLUMNS.map(([title, of]) => [title, of(figures)])),
      ]),
    ),
  );
}

export function tableOf(results: readonly RunResult[]): string {
  const head = ['scenario', 'seed', ...COLUMNS.map(([title]) => title), 'broken'];
  const rows = results.map(({ scenario, seed, figures, trouble }) => [
    scenario,
    String(seed),
    ...COLUMNS.map(([, of]) => String(of(figures))),
    trouble.filter((line) => !line.startsWith('logs kept')).join('; '),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Beside the other results; returns both files' paths. */
export function keepReport(report: ChaosReport): readonly string[] {
  const { at, commit, clients, machine, results } = report;
  const name = `${at.slice(0, 10)}-${commit}-chaos`;
  const about = `${clients} clients; ${machine.cores} × ${machine.cpu}, Node.js ${machine.node}, nats-server ${machine.nats}`;
  return [
    keepFile(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`),
    keepFile(`${name}.md`, `# npm run chaos, ${at}, ${commit}\n\n${about}.\n\n${tableOf(results)}\n`),
  ];
}
