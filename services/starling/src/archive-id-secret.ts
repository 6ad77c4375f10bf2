import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EdgeConfig } from '@starling/edge';
import { Secret } from '@starling/runtime';

const FILE = 'archive-id-secret';
const SECRET_BYTES = 32;

/** What archive ids are made of: as configured, else what is kept in the data folder, made at the first start. */
export function archiveIdSecretOf({ archiveIdSecret, dataDir }: EdgeConfig): Secret {
  return archiveIdSecret.isEmpty ? new Secret(keptIn(dataDir)) : archiveIdSecret;
}

function keptIn(dataDir: string): string {
  const path = join(dataDir, FILE);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // Policy: at the first start it is made; one that cannot be read must not be replaced.
    if (!isMissing(error)) throw error;
  }
  mkdirSync(dataDir, { recursive: true });
  const made = randomBytes(SECRET_BYTES).toString('base64url');
  // Whole or not at all: half a secret would be another one.
  writeFileSync(`${path}.new`, `${made}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return made;
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
