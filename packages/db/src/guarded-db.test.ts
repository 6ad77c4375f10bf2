import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Db, DbUnavailableError, SqlError, type Transaction } from './db.ts';
import { GuardedDb } from './guarded-db.ts';

const PATIENCE_MS = 40;
const PROBE_MS = 10;

/** A database that does as it is told. */
class FakeDb implements Db {
  state: 'there' | 'away' | 'silent' | 'clash' = 'there';
  statements = 0;
  pings = 0;
  prepared = 0;
  unfit: Error | undefined;
  readonly #held: (() => void)[] = [];
  readonly ping = async () => {
    this.pings++;
    if (this.state === 'away' || this.state === 'silent') throw new DbUnavailableError('no answer');
  };
  async query(): Promise<readonly never[]> {
    this.statements++;
    if (this.state === 'away') throw new DbUnavailableError('refused');
    if (this.state === 'clash') throw new DbUnavailableError('deadlock');
    if (this.state === 'silent') await new Promise<void>((resolve) => this.#held.push(resolve));
    return [];
  }
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    await this.query();
    return work({ query: () => this.query(), patiently: async () => void (await this.query()) });
  }
  prepare = async () => {
    if (this.state !== 'there') throw new DbUnavailableError('no answer');
    if (this.unfit) throw this.unfit;
    this.prepared++;
  };
  letGo(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
  async close(): Promise<void> {}
}

async function guard(db: FakeDb) {
  const changes: boolean[] = [];
  const unfit: unknown[] = [];
  const guarded = new GuardedDb(db, {
    patienceMs: PATIENCE_MS,
    probeMs: PROBE_MS,
    prepare: db.prepare,
    onChange: (isAway) => changes.push(isAway),
    onUnfit: (error) => unfit.push(error),
  });
  await guarded.start();
  return { guarded, changes, unfit };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadlineMs = Date.now() + 5_000; !condition(); ) {
    assert.ok(Date.now() < deadlineMs, 'not in time');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('a database that is watched', () => {
  // Its own timers keep no process.
  const alive = setInterval(() => {}, 1_000);
  after(() => clearInterval(alive));

  it('is not asked while it is away, and is used again as soon as a probe is answered', async () => {
    const db = new FakeDb();
    const { guarded, changes } = await guard(db);
    db.state = 'away';
    await assert.rejects(guarded.query('select 1'), DbUnavailableError);
    await until(() => guarded.isAway);
    const asked = db.statements;
    await assert.rejects(guarded.query('select 1'), DbUnavailableError);
    await assert.rejects(
      guarded.transaction(async () => 1),
      DbUnavailableError,
    );
    assert.equal(db.statements, asked);
    db.state = 'there';
    await until(() => !guarded.isAway);
    assert.deepEqual(await guarded.query('select 1'), []);
    assert.deepEqual(changes, [true, false]);
    assert.equal(db.prepared, 2);
    await guarded.close();
  });

  it('is away when it says nothing, and who waits for it hears that', async () => {
    const db = new FakeDb();
    const { guarded } = await guard(db);
    db.state = 'silent';
    const startedMs = performance.now();
    await assert.rejects(guarded.query('select 1'), /is away/);
    assert.ok(performance.now() - startedMs >= PATIENCE_MS);
    db.state = 'there';
    db.letGo();
    await until(() => !guarded.isAway);
    await guarded.close();
  });

  it('is there when only transactions met, or one statement takes long', async () => {
    const db = new FakeDb();
    const { guarded, changes } = await guard(db);
    db.state = 'clash';
    await assert.rejects(guarded.query('select 1'), DbUnavailableError);
    await until(() => db.pings === 1);
    db.state = 'silent';
    const slow = guarded.query('select 1');
    db.state = 'there';
    await until(() => db.pings > 1);
    db.letGo();
    await slow;
    assert.deepEqual(changes, []);
    await guarded.close();
  });

  it('may be away at the start, and is prepared when it comes', async () => {
    const db = new FakeDb();
    db.state = 'away';
    const { guarded, unfit } = await guard(db);
    assert.equal(guarded.isAway, true);
    db.unfit = new SqlError('XX000', 'of somebody else');
    db.state = 'there';
    await until(() => unfit.length > 0);
    assert.equal(guarded.isAway, true);
    db.unfit = undefined;
    await until(() => !guarded.isAway);
    assert.equal(db.prepared, 1);
    await guarded.close();
  });

  it('that is none of ours is told at the start', async () => {
    const db = new FakeDb();
    db.unfit = new SqlError('XX000', 'of somebody else');
    await assert.rejects(guard(db), /somebody else/);
  });
});
