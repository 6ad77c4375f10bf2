import { ArchiveError } from '@starling/archive';
import { LogConfigError } from '@starling/bus';
import { DbLockedError, DbUnavailableError, MigrationError } from '@starling/db';
import { ChildError } from '@starling/local-servers';
import { ConfigError } from '@starling/runtime';
import { CommandError, EXIT } from './exit-codes.ts';

export interface Explanation {
  readonly exitCode: number;
  /** For people; undefined when it is a mistake of ours, of which the log should have all. */
  readonly message: string | undefined;
}

/** What an error means for whoever ran the command. */
export function explain(error: unknown): Explanation {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof ConfigError)
    return {
      exitCode: EXIT.config,
      message: `the configuration is wrong\n${error.problems.map((p) => `  ${p}`).join('\n')}`,
    };
  if (error instanceof LogConfigError || error instanceof MigrationError || error instanceof ArchiveError)
    return { exitCode: EXIT.config, message: error.message };
  if (error instanceof DbLockedError) return { exitCode: EXIT.unavailable, message: error.message };
  if (error instanceof DbUnavailableError)
    return { exitCode: EXIT.unavailable, message: `the database is not available: ${error.message}` };
  if (error instanceof ChildError)
    return { exitCode: error.exitCode === EXIT.config ? EXIT.config : EXIT.failed, message: error.message };
  return { exitCode: EXIT.failed, message: undefined };
}
