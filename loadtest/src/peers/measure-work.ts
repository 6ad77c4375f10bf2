import { setTimeout as sleep } from 'node:timers/promises';
import { sharedKeys } from '../presence/scram.ts';
import type { Findings } from './findings.ts';
import type { GeneratorLine, Target, Transport } from './generator/orders.ts';
import { startOther } from './other-server.ts';
import type { Measurement } from './result.ts';
import { runGenerator } from './run-generator.ts';
import type { PeerOptions, PeerServer, ServerName } from './server.ts';
import { startStarling, startStarlingEmbedded } from './starling-server.ts';
import type { Work } from './works.ts';

const PASSWORD = 'pw';
/** Printable: Prosody uses the text of it, the others its base64. */
const SALT = Buffer.from('starling-bench');
const ROWS_TIMEOUT_MS = 120_000;
const POLL_MS = 200;
/** Of one run of the generator. */
const GENERATOR_TIMEOUT_MS = 600_000;

export type PeerNeeds = Pick<Work, 'accounts' | 'contacts' | 'archives' | 'serverCores'> & {
  readonly plainAccounts?: number;
};

/** A server for as long as `work` lasts. @throws NotInstalledError, and what its start, the work or its stop throws */
export async function withServer<T>(
  name: ServerName,
  needs: PeerNeeds,
  { versions, below }: Findings,
  work: (server: PeerServer) => Promise<T>,
): Promise<T> {
  const { accounts, contacts, archives, serverCores, plainAccounts = 0 } = needs;
  const keys = sharedKeys(PASSWORD, SALT);
  const server = await STARTS[name]({ accounts, contacts, archives, serverCores, plainAccounts, keys });
  versions.set(name, server.version);
  for (const [what, version] of Object.entries(server.versions)) below.set(what, version);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

const STARTS: Readonly<Record<ServerName, (options: PeerOptions) => Promise<PeerServer>>> = {
  ejabberd: (options) => startOther('ejabberd', options),
  prosody: (options) => startOther('prosody', options),
  'prosody-tuned': (options) => startOther('prosody-tuned', options),
  starling: startStarling,
  'starling-embedded': startStarlingEmbedded,
};

/** Where its accounts log in. */
export const targetOf = ({ ports, path, domain, prefix }: PeerServer, transport: Transport): Target => ({
  ...{ transport, port: ports[transport], path, domain, prefix },
  password: PASSWORD,
  salt: SALT.toString('base64'),
});

/** One run of the generator. @throws Error when a connection fails */
export async function measureWork(
  server: PeerServer,
  { order, transport, generatorCores: cores, archives }: Work,
  signal: AbortSignal,
): Promise<Pick<Measurement, 'lines' | 'archive'>> {
  const target = targetOf(server, transport);
  const rowsBefore = archives ? await server.archivedRows() : 0;
  const lines = await runGenerator(
    { target, order, watch: server.parts },
    { cores, signal, timeoutMs: GENERATOR_TIMEOUT_MS },
  );
  return archives ? { lines, archive: await rowsOf(server, rowsBefore, 2 * sentIn(lines)) } : { lines };
}

const sentIn = (lines: readonly GeneratorLine[]): number =>
  lines.reduce((sum, line) => sum + (line.kind === 'total' ? line.sent : 0), 0);

/** Waits until as many rows are there, or too long. */
async function rowsOf(
  server: PeerServer,
  before: number,
  wanted: number,
): Promise<{ rows: number; lagSeconds: number }> {
  const startedMs = performance.now();
  for (;;) {
    const rows = (await server.archivedRows()) - before;
    const waitedMs = performance.now() - startedMs;
    if (rows >= wanted || waitedMs > ROWS_TIMEOUT_MS) return { rows, lagSeconds: waitedMs / 1_000 };
    await sleep(POLL_MS);
  }
}
