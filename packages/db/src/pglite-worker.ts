// The worker thread that PGlite runs in: a statement blocks its thread, and that must not be the one with the sockets.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { Row } from './db.ts';
import type { FromWorker, ToWorker, WorkerInput } from './pglite-protocol.ts';

const INT8 = 20;
/** This build's default is 128 MB; one process with small tables needs less. */
const SHARED_BUFFERS = '32MB';

const { folder } = workerData as WorkerInput;
const port = parentPort;
if (!port) throw new Error('this file is a worker');
const tell = (message: FromWorker) => port.postMessage(message);

/**
 * Opens the folder, or makes a database in it. PGlite hands each commit to the file system before it answers, so what was
 * committed survives the end of the process, however that comes. It has no fsync: a power loss is another matter (README).
 */
async function open(): Promise<PGlite> {
  // A half-made database looks like a damaged one. The mark tells them apart: it goes when the first start has succeeded.
  const making = `${folder}.making`;
  if (existsSync(making)) rmSync(folder, { recursive: true, force: true });
  if (!existsSync(join(folder, 'PG_VERSION'))) {
    writeFileSync(making, '');
    // Keys of accounts are in there.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const opened = await PGlite.create({
    dataDir: folder,
    relaxedDurability: false,
    parsers: { [INT8]: BigInt },
    startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`],
  });
  rmSync(making, { force: true });
  return opened;
}

type Result = Pick<Extract<FromWorker, { rows: unknown }>, 'rows' | 'command'>;

async function run(db: PGlite, sql: string, params: readonly unknown[]): Promise<Result> {
  const result = params.length > 0 ? await db.query<Row>(sql, params as unknown[]) : (await db.exec(sql)).at(-1);
  return { rows: (result?.rows ?? []) as readonly Row[], command: result?.command ?? '' };
}

const textOf = (error: unknown, key: 'code' | 'message'): string => {
  const value = error && typeof error === 'object' ? (error as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' ? value : '';
};

const db = await open();

async function answer(message: ToWorker): Promise<void> {
  if ('close' in message) {
    await db.close();
    tell({ closed: true });
    port?.close();
    return;
  }
  const { id } = message;
  try {
    tell({ id, ...(await run(db, message.sql, message.params)) });
  } catch (error) {
    // Policy: the asker gets it.
    tell({ id, code: textOf(error, 'code'), message: textOf(error, 'message') || String(error) });
  }
}

let last: Promise<void> = Promise.resolve();
port.on('message', (message: ToWorker) => {
  last = last.then(() => answer(message));
});
tell({ opened: true });
