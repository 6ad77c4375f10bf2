import { checkResumeWindow } from '@starling/edge';
import { ConfigError, type ConfigsOf, loadConfig, type RuntimeConfig, runtimeConfig } from '@starling/runtime';
import { checkCertificate } from '../check/certificate.ts';
import { judgeClock, type OtherClock } from '../check/clock.ts';
import { checkDataFolder } from '../check/data-folder.ts';
import { judgeDatabaseSchema } from '../check/database-schema.ts';
import { judgeDatabaseServer } from '../check/database-server.ts';
import { checkDns } from '../check/dns.ts';
import { checkFileDescriptors } from '../check/file-descriptors.ts';
import { type Finding, failed, type Look, type Outcome, ok } from '../check/finding.ts';
import { lookAtDatabase } from '../check/look-at-database.ts';
import { lookAtNats } from '../check/look-at-nats.ts';
import { judgeNatsPermissions } from '../check/nats-permissions.ts';
import { judgeNatsServer } from '../check/nats-server.ts';
import { judgeNatsStreams } from '../check/nats-streams.ts';
import { checkPorts } from '../check/ports.ts';
import { renderFindings } from '../check/render-findings.ts';
import { EXIT } from '../exit-codes.ts';
import { withoutPasswords } from '../open-bus.ts';
import { type EmbeddedSpecs, embeddedSpecs, ownSources } from '../specs.ts';

/** `starling check`: prints what it finds. Resolves with 0, 1 when something failed, 78 when the configuration is wrong. */
export async function check(args: readonly string[], asJson: boolean): Promise<number> {
  const findings = await findAll(args);
  process.stdout.write(asJson ? `${JSON.stringify({ findings })}\n` : renderFindings(findings));
  const faults = findings.filter(({ verdict }) => verdict === 'failed');
  if (faults.some(({ name }) => name === 'configuration')) return EXIT.config;
  return faults.length > 0 ? EXIT.failed : EXIT.ok;
}

type Config = ConfigsOf<EmbeddedSpecs> & { readonly runtime: RuntimeConfig };

async function findAll(args: readonly string[]): Promise<readonly Finding[]> {
  try {
    const config: Config = loadConfig({ runtime: runtimeConfig, ...embeddedSpecs }, ownSources(args));
    checkResumeWindow(config.edge.resumeWindowMs, config.bus.duplicateWindowMs);
    return await Promise.all(outcomesOf(config).map(async ([name, outcome]) => ({ name, ...(await outcome) })));
  } catch (error) {
    // Policy: without a configuration there is nothing to look at.
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => ({ name: 'configuration', ...failed(problem) }));
  }
}

type NamedOutcome = readonly [name: string, outcome: Outcome | Promise<Outcome>];

function outcomesOf({ edge, runtime, bus, db }: Config): readonly NamedOutcome[] {
  const [nats, database] = [lookAtNats(bus), lookAtDatabase(db)];
  const { domain, stanzaBytesMax, connectionsMax } = edge;
  const wanted = { stanzaBytesMax, replicas: Number(bus.logReplicas), url: withoutPasswords(bus.natsUrl) };
  return [
    ['configuration', ok(`${domain} is served`)],
    ['data folder', checkDataFolder(edge.dataDir)],
    ['ports', checkPorts(edge, runtime)],
    ['DNS', checkDns(domain)],
    ['certificate', checkCertificate(edge, Date.now())],
    ['NATS', nats.then((look) => judgeNatsServer(look, wanted))],
    ['NATS permissions', nats.then((look) => judgeNatsPermissions(look, bus.natsUser))],
    ['NATS streams', nats.then((look) => judgeNatsStreams(look, bus.logStreams))],
    ['database', database.then((look) => judgeDatabaseServer(look, { poolSize: db.poolSize }))],
    ['database schema', database.then(judgeDatabaseSchema)],
    ['file descriptors', checkFileDescriptors(connectionsMax)],
    ['clock', clockOutcome(nats, database)],
  ];
}

type Timed = { readonly clock: { readonly serverMs: number; readonly ourMs: number } | undefined };

async function clockOutcome(nats: Promise<Look<Timed>>, database: Promise<Look<Timed>>): Promise<Outcome> {
  const others = [...clocksOf('NATS', await nats), ...clocksOf('PostgreSQL', await database)];
  return judgeClock(Date.now(), others);
}

function clocksOf(of: string, look: Look<Timed>): readonly OtherClock[] {
  if (look === 'none' || 'error' in look || look.facts.clock === undefined) return [];
  const { serverMs, ourMs } = look.facts.clock;
  return [{ of, theirMs: serverMs, ourMs }];
}
