import { checkResumeWindow } from '@starling/edge';
import { ConfigError, loadConfig, runtimeConfig } from '@starling/runtime';
import { checkCertificate } from '../check/certificate.ts';
import type { Finding, Outcome } from '../check/finding.ts';
import { failed } from '../check/finding.ts';
import { checkClock, checkDataDir, checkDescriptors, checkPorts } from '../check/machine.ts';
import { checkDatabase, checkNats } from '../check/servers.ts';
import { EXIT } from '../exit-codes.ts';
import { embeddedSpecs, ownSources } from '../specs.ts';

/** `starling check`: prints what it finds. Resolves with 0, 1 when something failed, 78 when the configuration is wrong. */
export async function check(args: readonly string[], asJson: boolean): Promise<number> {
  const findings = await findAll(args);
  process.stdout.write(asJson ? `${JSON.stringify({ findings })}\n` : findings.map(line).join(''));
  const faults = findings.filter(({ verdict }) => verdict === 'failed');
  if (faults.some(({ name }) => name === 'configuration')) return EXIT.config;
  return faults.length > 0 ? EXIT.failed : EXIT.ok;
}

const VERDICT_WIDTH = 9;
const NAME_WIDTH = 18;

const line = ({ verdict, name, text }: Finding) =>
  `${verdict.padEnd(VERDICT_WIDTH)}${name.padEnd(NAME_WIDTH)}${text}\n`;

async function findAll(args: readonly string[]): Promise<readonly Finding[]> {
  try {
    const config = loadConfig({ runtime: runtimeConfig, ...embeddedSpecs }, ownSources(args));
    const { edge, runtime, bus, db } = config;
    checkResumeWindow(edge.resumeWindowMs, bus.duplicateWindowMs);
    const outcomes: readonly (readonly [string, Outcome | Promise<Outcome>])[] = [
      ['configuration', { verdict: 'ok', text: `${edge.domain} is served` }],
      ['data folder', checkDataDir(edge.dataDir)],
      ['ports', checkPorts(edge, runtime)],
      ['certificate', checkCertificate(edge, Date.now())],
      ['NATS', checkNats(bus)],
      ['database', checkDatabase(db, Date.now)],
      ['file descriptors', checkDescriptors(edge)],
      ['clock', checkClock(Date.now())],
    ];
    return await Promise.all(outcomes.map(async ([name, outcome]) => ({ name, ...(await outcome) })));
  } catch (error) {
    // Policy: without a configuration there is nothing to look at.
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => ({ name: 'configuration', ...failed(problem) }));
  }
}
