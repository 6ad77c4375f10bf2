import type { MetricsRegistry } from '@starling/runtime';
import type { Db, Row } from './db.ts';
import { serverMetrics } from './metrics.ts';

/** It costs the server about a millisecond, most of it for the size. */
const ASK_MS = 15_000;

/** Statistics that any user may read (PostgreSQL, chapter 28.2), of our own database. */
const STATE = `
  select s.xact_commit as committed, s.xact_rollback as rolled_back, s.blks_hit as hit, s.blks_read as read,
         s.tup_inserted + s.tup_updated + s.tup_deleted as written, s.deadlocks, s.temp_bytes as temporary,
         pg_database_size(s.datid) as size, age(d.datfrozenxid)::bigint as age,
         (select sum(numbackends)::bigint from pg_stat_database) as connections,
         current_setting('max_connections')::bigint as limit,
         t.live, t.dead, coalesce(extract(epoch from now() - o.since), 0)::bigint as oldest
    from pg_stat_database s
    join pg_database d on d.oid = s.datid,
         (select coalesce(sum(n_live_tup), 0)::bigint as live, coalesce(sum(n_dead_tup), 0)::bigint as dead
            from pg_stat_user_tables) t,
         (select min(xact_start) as since from pg_stat_activity
           where usename = current_user and pid <> pg_backend_pid()) o
   where s.datname = current_database()`;

type State = Readonly<Record<keyof typeof NOTHING, bigint>>;
const NOTHING = {
  ...{ committed: 0n, rolled_back: 0n, hit: 0n, read: 0n, written: 0n, deadlocks: 0n, temporary: 0n },
  ...{ size: 0n, age: 0n, connections: 0n, limit: 0n, live: 0n, dead: 0n, oldest: 0n },
};

/** Asks PostgreSQL how it is, and shows that, until the undo that it returns: for clusters whose operator has no exporter beside it. */
export function watchServer(db: Pick<Db, 'query'>, registry: MetricsRegistry): () => void {
  const metrics = registry.register(serverMetrics);
  let state: State = NOTHING;
  let isUp = true;
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const [row] = await db.query<Row & State>(STATE);
      state = row ?? state;
      isUp = true;
    } catch {
      // Policy: that it does not answer is what there is to see; whoever needs it tells why.
      isUp = false;
    }
    isAsking = false;
  };
  const value = (name: keyof State) => () => Number(state[name]);
  const undo = [
    metrics.up.track(() => Number(isUp)),
    metrics.connections.track(value('connections')),
    metrics.connectionsLimit.track(value('limit')),
    metrics.sizeBytes.track(value('size')),
    metrics.transactions.track(value('committed'), { outcome: 'committed' }),
    metrics.transactions.track(value('rolled_back'), { outcome: 'rolled_back' }),
    metrics.blocks.track(value('hit'), { from: 'memory' }),
    metrics.blocks.track(value('read'), { from: 'system' }),
    metrics.written.track(value('written')),
    metrics.deadlocks.track(value('deadlocks')),
    metrics.temporaryBytes.track(value('temporary')),
    metrics.rows.track(value('live'), { state: 'live' }),
    metrics.rows.track(value('dead'), { state: 'dead' }),
    metrics.oldestTransactionSeconds.track(value('oldest')),
    metrics.transactionIdAge.track(value('age')),
  ];
  const timer = setInterval(() => void ask(), ASK_MS).unref();
  void ask();
  return () => {
    clearInterval(timer);
    for (const end of undo) end();
  };
}
