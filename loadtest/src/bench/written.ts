import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '@starling/testkit';
import { connectDb, countRows, entriesWritten, postgresVersion } from '../stored.ts';

const ROWS_A_MESSAGE = 2;
const WRITE_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Waits until the archive says that it has written all rows of so many messages. @throws Error after a while */
export async function untilWritten(world: World, messages: number): Promise<void> {
  const deadlineMs = performance.now() + WRITE_TIMEOUT_MS;
  for (;;) {
    const written = await entriesWritten(world);
    if (written === messages * ROWS_A_MESSAGE) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${messages} messages are ${messages * ROWS_A_MESSAGE} rows, but ${written} were written`);
    await sleep(POLL_MS);
  }
}

/** Returns the version of the database. @throws Error when it has another number of rows */
export async function requireRows(world: World, messages: number): Promise<string> {
  const db = await connectDb(world);
  try {
    const rows = await countRows(db);
    if (rows !== messages * ROWS_A_MESSAGE) throw new Error(`${messages} messages, but ${rows} rows`);
    return await postgresVersion(db);
  } finally {
    await db.close();
  }
}
