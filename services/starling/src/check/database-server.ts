import { failed, type Look, type Outcome, ok, warning } from './finding.ts';
import type { DatabaseFacts } from './look-at-database.ts';

const VERSION_MIN = 15;

export interface DatabaseWanted {
  /** STARLING_DATABASE_POOL: connections of one process. */
  readonly poolSize: number;
}

/** Whether it answers, is new enough, and has room for the connections of one more process. */
export function judgeDatabaseServer(look: Look<DatabaseFacts>, { poolSize }: DatabaseWanted): Outcome {
  if (look === 'none') return ok('PGlite in the data folder');
  if ('error' in look) return failed(`PostgreSQL: ${look.error}`);
  const { version, connections, connectionsMax } = look.facts;
  const text = `PostgreSQL ${version}, ${connections} of ${connectionsMax} connections in use`;
  if (Number.parseInt(version, 10) < VERSION_MIN) return failed(`${text}: ${VERSION_MIN} or later is needed`);
  if (connections + poolSize > connectionsMax)
    return warning(
      `${text}: there is no room for one more process (STARLING_DATABASE_POOL ${poolSize}); raise max_connections`,
    );
  return ok(text);
}
