import type { MetricsOf } from '@starling/runtime';
import { type Db, DbUnavailableError, type Row, type Transaction } from './db.ts';
import type { dbMetrics, Outcome } from './metrics.ts';

type Instruments = MetricsOf<typeof dbMetrics>;

/** The same database, counted. */
export function measured(db: Db, metrics: Instruments): Db {
  const time = async <T>(name: 'querySeconds' | 'transactionSeconds', run: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const done = (outcome: Outcome) => metrics[name].observe((performance.now() - startedAt) / 1000, { outcome });
    try {
      const result = await run();
      done('ok');
      return result;
    } catch (error) {
      // Policy: count and pass on.
      const unavailable = error instanceof DbUnavailableError;
      if (unavailable) metrics.unavailable.inc();
      done(unavailable ? 'unavailable' : 'refused');
      throw error;
    }
  };
  return {
    query: <T extends Row>(sql: string, params?: readonly unknown[]) =>
      time('querySeconds', () => db.query<T>(sql, params)),
    transaction: <T>(work: (tx: Transaction) => Promise<T>) => time('transactionSeconds', () => db.transaction(work)),
    ...(db.ping === undefined ? {} : { ping: db.ping }),
    close: () => db.close(),
  };
}
