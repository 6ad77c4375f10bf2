// Backup and restore of a stream over NATS, by the requests that `nats stream backup` and `nats stream restore` make.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, NoRespondersError } from '@starling/bus';

const ANSWER_TIMEOUT_MS = 30_000;
const BACKUP_TIMEOUT_MS = 120_000;
const CHUNK_BYTES = 128 * 1024;
const RETRY_MS = 100;
const NO_BYTES = new Uint8Array(0);

/** What the server tells of a stream and what it wants back at the restore, and the stream's files as an archive. */
export interface StreamBackup {
  readonly name: string;
  readonly config: unknown;
  readonly state: unknown;
  readonly chunks: readonly Uint8Array[];
}

/** While the stream is written to. @throws Error when the server refuses, or the end does not come */
export async function backUpStream(bus: Bus, name: string): Promise<StreamBackup> {
  const inbox = `_INBOX.${randomBytes(8).toString('hex')}`;
  const chunks: Uint8Array[] = [];
  let done: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    done = resolve;
  });
  const subscription = bus.subscribe(inbox, ({ data, replyTo }) => {
    if (data.length === 0) return done();
    chunks.push(Uint8Array.from(data));
    // The server sends so much ahead and no more.
    if (replyTo !== '') bus.publish(replyTo, NO_BYTES);
  });
  try {
    await bus.flush();
    const request = { deliver_subject: inbox, no_consumers: true, chunk_size: CHUNK_BYTES };
    const { config, state } = await ask(bus, `$JS.API.STREAM.SNAPSHOT.${name}`, request);
    await inTime(ended, `the backup of ${name}`);
    return { name, config, state, chunks };
  } finally {
    subscription.unsubscribe();
  }
}

/** Makes the stream as it was. @throws Error when the server refuses, as when there is such a stream */
export async function restoreStream(bus: Bus, { name, config, state, chunks }: StreamBackup): Promise<void> {
  const { deliver_subject: subject = '' } = await ask(bus, `$JS.API.STREAM.RESTORE.${name}`, { config, state });
  for (const chunk of chunks) {
    const answer = Buffer.from(await send(bus, subject, chunk)).toString();
    if (answer !== '') throw new Error(`restore of ${name}: ${answer}`);
  }
  parse(await bus.request(subject, NO_BYTES, BACKUP_TIMEOUT_MS), name);
}

/** In a cluster the server that makes the stream may be another one than that which answered, and not be there yet. */
async function send(bus: Bus, subject: string, chunk: Uint8Array): Promise<Uint8Array> {
  const deadlineMs = performance.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    try {
      return await bus.request(subject, chunk, ANSWER_TIMEOUT_MS);
    } catch (error) {
      // Policy: nobody has got it, so it may be sent again.
      if (!(error instanceof NoRespondersError) || performance.now() > deadlineMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}

interface Answer {
  readonly config?: unknown;
  readonly state?: unknown;
  readonly deliver_subject?: string;
  readonly error?: { readonly description: string };
}

async function ask(bus: Bus, subject: string, request: object): Promise<Answer> {
  return parse(await bus.request(subject, Buffer.from(JSON.stringify(request)), ANSWER_TIMEOUT_MS), subject);
}

function parse(bytes: Uint8Array, what: string): Answer {
  const answer = JSON.parse(Buffer.from(bytes).toString()) as Answer;
  if (answer.error) throw new Error(`${what}: ${answer.error.description}`);
  return answer;
}

async function inTime(promise: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end in ${BACKUP_TIMEOUT_MS} ms`)), BACKUP_TIMEOUT_MS);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
