import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Postgres } from '@starling/local-servers/postgres';
import { Secret } from '@starling/runtime';
import type { DbConfig } from '../config.ts';
import { openDb } from '../open-db.ts';

/** Where a test's database is. */
export interface TestEngine {
  readonly name: 'pglite' | 'postgresql';
  /** A configuration for a database of one's own. */
  config(): Promise<DbConfig>;
  stop(): Promise<void>;
}

const LIMITS = { poolSize: 4, connectTimeoutMs: 2000, statementTimeoutMs: 5000, preparedMax: 100 };

export function pgliteEngine(): TestEngine {
  const folder = mkdtempSync(join(tmpdir(), 'starling-pglite-'));
  const configOf = (name: string) => ({ ...LIMITS, url: new Secret(''), dataDir: join(folder, name) });
  let template: Promise<void> | undefined;
  let count = 0;
  return {
    name: 'pglite',
    config: async () => {
      // To make a database takes seconds, to copy one a moment.
      template ??= openDb(configOf('template')).then((db) => db.close());
      await template;
      const config = configOf(String(++count));
      cpSync(join(folder, 'template'), config.dataDir, { recursive: true });
      return config;
    },
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function postgresEngine(): Promise<TestEngine & { readonly server: Postgres }> {
  const server = await Postgres.start();
  return {
    name: 'postgresql',
    server,
    config: async () => ({ ...LIMITS, url: new Secret(server.url(await server.createDatabase())), dataDir: '' }),
    stop: () => server.stop(),
  };
}
