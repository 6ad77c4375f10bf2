import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNatsServer, type NatsBinary } from './nats-server.ts';

/** Streams with replicas need it: before it, Raft could lose what was acknowledged. */
const CLUSTER_VERSION_MIN: readonly [number, number] = [2, 11];
/** What is installed where there is none. */
const INSTALLED_VERSION = 'v2.15.2';
/** Fetching and building it. */
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * A nats-server for a cluster of three; installed with Go into the repository's .cache/bin where there is none.
 * @throws Error with one line that says what to do
 */
export function ensureClusterNatsServer(): NatsBinary {
  const found = findNatsServer(CLUSTER_VERSION_MIN) ?? install();
  if (found !== undefined) return found;
  const wanted = CLUSTER_VERSION_MIN.join('.');
  throw new Error(
    `three NATS servers need nats-server ${wanted} or later: install it, or Go, or set STARLING_NATS_SERVER`,
  );
}

function install(): NatsBinary | undefined {
  const bin = fileURLToPath(new URL('../../../.cache/bin/', import.meta.url));
  mkdirSync(bin, { recursive: true });
  console.error(`installing nats-server ${INSTALLED_VERSION} with Go …`);
  const program = `github.com/nats-io/nats-server/v2@${INSTALLED_VERSION}`;
  // In that folder, so that no module of the repository is meant; standard output belongs to results.
  const env = { ...process.env, GOBIN: bin };
  spawnSync('go', ['install', program], { cwd: bin, env, stdio: ['ignore', 2, 2], timeout: INSTALL_TIMEOUT_MS });
  return findNatsServer(CLUSTER_VERSION_MIN);
}
