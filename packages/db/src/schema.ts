import { setTimeout as pause } from 'node:timers/promises';
import type { ConfigOf, Health, Logger } from '@starling/runtime';
import type { schemaConfig } from './config.ts';
import { type Db, DbUnavailableError, type Queryable } from './db.ts';
import type { MigrationState } from './migrate.ts';

export interface SchemaOptions {
  readonly config: ConfigOf<typeof schemaConfig>;
  /** Brings the tables up to date. */
  readonly migrate: (db: Db) => Promise<unknown>;
  /** Looks at them, and changes nothing. */
  readonly state: (db: Queryable) => Promise<MigrationState>;
  readonly health: Health;
  readonly log: Logger;
}

/** Who makes a service's tables: itself, when it first uses them, or `starling migrate`, which it then waits for. */
export class Schema {
  readonly #options: SchemaOptions;
  #pending: readonly string[] = [];

  constructor(options: SchemaOptions) {
    this.#options = options;
    options.health.ready('schema', () => this.#pending.length === 0 || this.#text());
  }

  /**
   * Before the first use of the tables, and again whenever the database comes back.
   * @throws MigrationError; DbUnavailableError also while somebody else has not made them yet
   */
  readonly prepare = async (db: Db): Promise<void> => {
    const { config, migrate, state } = this.#options;
    if (config.migrations === 'start') {
      await migrate(db);
      return;
    }
    this.#note((await state(db)).pending);
    if (this.#pending.length > 0) throw new DbUnavailableError(this.#text());
  };

  /**
   * Resolves when the tables are there. A database that does not answer is not waited for: who can do without one starts without, and
   * prepares it later. @throws MigrationError
   */
  async wait(db: Db): Promise<void> {
    if (this.#options.config.migrations === 'start') return;
    while (await this.#isBehind(db)) await pause(this.#options.config.pollMs);
  }

  async #isBehind(db: Db): Promise<boolean> {
    try {
      await this.prepare(db);
    } catch (error) {
      if (!(error instanceof DbUnavailableError)) throw error;
    }
    return this.#pending.length > 0;
  }

  /** One line when it has to wait, and one when it need not any more. */
  #note(pending: readonly string[]): void {
    const { log } = this.#options;
    const [was, is] = [this.#pending.length, pending.length];
    this.#pending = pending;
    if (is > 0 && was === 0) log.warn({ what: 'schema_behind', pending, hint: 'run starling migrate' });
    if (is === 0 && was > 0) log.info({ what: 'schema_made' });
  }

  #text(): string {
    return `${this.#pending.join(', ')} not run yet: starling migrate does it`;
  }
}
