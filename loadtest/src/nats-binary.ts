import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findNatsServer, findNatsServers } from '@starling/local-servers';
import { CACHE } from './own-world.ts';

/** Streams with replicas need it: before it, Raft could lose what was acknowledged. */
const CLUSTER_VERSION_MIN: readonly [number, number] = [2, 11];
/** What is installed where there is none. */
const INSTALLED_VERSION = 'v2.15.2';

/** The oldest nats-server of this machine that one node may run: the promises hold on it too. Undefined where there is none. */
export const oldestNatsServer = (): string | undefined => findNatsServers().at(-1)?.path;

/** The version of what a world runs when nothing is said: the newest. */
export const natsVersion = (): string => findNatsServer()?.version.join('.') ?? '';

/**
 * A nats-server for a cluster of three; installed with Go into the repository's cache where there is none.
 * @throws Error with one line that says what to do
 */
export function clusterNatsServer(): string {
  const found = findNatsServer(CLUSTER_VERSION_MIN) ?? install();
  if (found !== undefined) return found.path;
  const wanted = CLUSTER_VERSION_MIN.join('.');
  throw new Error(
    `three NATS servers need nats-server ${wanted} or later: install it, or Go, or set STARLING_NATS_SERVER; or run with --nats 1`,
  );
}

function install() {
  const bin = join(CACHE, 'bin');
  mkdirSync(bin, { recursive: true });
  console.log(`installing nats-server ${INSTALLED_VERSION} with Go …`);
  const program = `github.com/nats-io/nats-server/v2@${INSTALLED_VERSION}`;
  // Elsewhere than in the repository, so that no module there is meant; standard output is for the result.
  spawnSync('go', ['install', program], { cwd: bin, env: { ...process.env, GOBIN: bin }, stdio: ['ignore', 2, 2] });
  return findNatsServer(CLUSTER_VERSION_MIN);
}
