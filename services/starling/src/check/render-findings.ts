import type { Finding } from './finding.ts';

const VERDICT_WIDTH = 9;
const GAP = 2;

/** A line for each finding, the names in one column, and what it comes to. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length)) + GAP;
  const lines = findings.map(
    ({ verdict, name, text }) => `${verdict.padEnd(VERDICT_WIDTH)}${name.padEnd(width)}${text}`,
  );
  return `${[...lines, '', summaryOf(findings)].join('\n')}\n`;
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding['verdict']) => findings.filter(({ verdict }) => verdict === wanted).length;
  return `${count('ok')} ok, ${count('warning')} warnings, ${count('failed')} failed, ${count('skipped')} skipped`;
}
