import type { NatsLink } from './nats-link.ts';
import { asciiOf, headerOf, payloadOf, pubAckOf, type RawMessage, statusOf } from './nats-wire.ts';
import type { Records, StoredRecord } from './records.ts';
import { RecordConflictError, RecordsUnavailableError } from './records.ts';
import { requireWord } from './word.ts';

export interface JetStreamRecordsOptions {
  /** Name of the stream that captures the keys. */
  readonly stream: string;
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
  readonly valueBytesMax: number;
}

const RETRY_MS = 100;
/** A read that nobody answers is asked this often before it is given up. */
const READ_ATTEMPTS = 4;
const NO_RESPONDERS = 503;
const NOT_FOUND = 404;
// nats-server's error codes (server/errors.json).
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE_CODES = new Set([10037, 10057]);
const EMPTY = new Uint8Array(0);

/** Nobody leads the stream now: what was asked has not been done, and may be asked again. */
const LEADERLESS = Symbol('leaderless');

/**
 * Records on JetStream: the newest message of a subject is the record, its sequence the revision. Whoever writes again after silence would
 * conflict with himself, so of writes only a refusal is tried again. A read is asked again after silence: nats-server 2.9.10 loses answers
 * while it makes a stream.
 */
export class JetStreamRecords implements Records {
  readonly #link: NatsLink;
  readonly #options: JetStreamRecordsOptions;
  readonly #questions = new Set<Question>();
  #closed = false;

  constructor(link: NatsLink, options: JetStreamRecordsOptions) {
    this.#link = link;
    this.#options = options;
    // What was asked over the lost connection is not answered any more.
    link.onReconnect(() => this.#failAll('the connection was lost'));
    link.onClose(() => this.#failAll('the bus was closed'));
  }

  get(key: string): Promise<StoredRecord | undefined> {
    return this.#read(`$JS.API.DIRECT.GET.${this.#options.stream}.${key}`, EMPTY, (message) => {
      const status = statusOf(message);
      if (status === NOT_FOUND) return undefined;
      if (status === NO_RESPONDERS) return LEADERLESS;
      if (status !== 0) throw new RecordsUnavailableError(`${key}: status ${status}`);
      const revision = Number(headerOf(asciiOf(message.bytes.subarray(0, message.headers)), 'Nats-Sequence'));
      if (!(revision > 0)) throw new RecordsUnavailableError(`${key}: an answer without its sequence`);
      return { value: Uint8Array.from(payloadOf(message)), revision };
    });
  }

  async put(key: string, value: Uint8Array, expectedRevision: number): Promise<number> {
    if (value.length > this.#options.valueBytesMax)
      throw new RangeError(`${value.length} bytes do not fit in a record`);
    const header = `Nats-Expected-Last-Subject-Sequence: ${expectedRevision}`;
    return this.#write(key, header, value, (message) => {
      const ack = statusOf(message) === 0 ? pubAckOf(payloadOf(message)) : undefined;
      if (ack === undefined) return LEADERLESS;
      if ('sequence' in ack) return ack.sequence;
      if (ack.errorCode === WRONG_LAST_SEQUENCE) throw new RecordConflictError(`${key}: ${ack.description}`);
      throw new RecordsUnavailableError(`${key}: ${ack.errorCode} ${ack.description}`);
    });
  }

  async keys(filter: `${string}.*`): Promise<readonly string[]> {
    const keys: string[] = [];
    for (;;) {
      const request = Buffer.from(JSON.stringify({ subjects_filter: filter, offset: keys.length }));
      const { page, total } = await this.#read(`$JS.API.STREAM.INFO.${this.#options.stream}`, request, (message) =>
        statusOf(message) === 0 ? subjectsOf(payloadOf(message)) : LEADERLESS,
      );
      keys.push(...page);
      if (page.length === 0 || keys.length >= total) return keys;
    }
  }

  async remove(key: string, expectedRevision: number): Promise<void> {
    // A message is removed by its sequence, which is the revision: whoever has changed the record meanwhile has given it another. This
    // look before it is for a revision of another key, whose record would go instead.
    const newest = await this.get(key);
    if (newest?.revision !== expectedRevision)
      throw new RecordConflictError(`${key} is at revision ${newest?.revision ?? 0}, not ${expectedRevision}`);
    const request = Buffer.from(JSON.stringify({ seq: expectedRevision, no_erase: true }));
    await this.#write(`$JS.API.STREAM.MSG.DELETE.${this.#options.stream}`, '', request, (message) => {
      if (statusOf(message) !== 0) return LEADERLESS;
      const { success, code, description } = deletionOf(payloadOf(message));
      if (success) return true;
      if (NO_MESSAGE_CODES.has(code)) throw new RecordConflictError(`${key}: ${description}`);
      throw new RecordsUnavailableError(`${key}: ${code} ${description}`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll('the records were closed');
  }

  #read<T>(subject: string, data: Uint8Array, read: Reading<T>): Promise<T> {
    return this.#ask(subject, '', data, read, READ_ATTEMPTS);
  }

  #write<T>(subject: string, header: string, data: Uint8Array, read: Reading<T>): Promise<T> {
    return this.#ask(subject, header, data, read, 1);
  }

  /** @throws RecordsUnavailableError, TypeError, and what `read` throws */
  async #ask<T>(subject: string, header: string, data: Uint8Array, read: Reading<T>, attempts: number): Promise<T> {
    if (this.#closed || this.#link.isClosed) throw new RecordsUnavailableError('the records were closed');
    requireWord(subject);
    return new Promise((resolve, reject) => {
      let why = 'no answer';
      let retry: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(silence);
        clearTimeout(retry);
        this.#link.forget(token);
        this.#questions.delete(question);
      };
      const question: Question = {
        fail: (reason) => {
          end();
          reject(new RecordsUnavailableError(`${subject}: ${reason}`));
        },
        onReply: (message) => {
          try {
            const answer = read(message);
            if (answer === LEADERLESS) {
              why = 'the stream has no leader';
              clearTimeout(retry);
              retry = setTimeout(send, RETRY_MS);
              return;
            }
            end();
            resolve(answer);
          } catch (error) {
            // Policy: a refusal goes to who asked.
            end();
            reject(error);
          }
        },
      };
      const token = this.#link.expect(question);
      const send = () => this.#link.outbox.publishWithHeader(subject, this.#link.inboxOf(token), header, data);
      let attempt = 1;
      const onSilence = () => {
        if (attempt === attempts) return question.fail(why);
        attempt++;
        silence.refresh();
        send();
      };
      const silence = setTimeout(onSilence, this.#options.timeoutMs / attempts);
      this.#questions.add(question);
      send();
    });
  }

  #failAll(why: string): void {
    for (const question of this.#questions) question.fail(why);
  }
}

type Reading<T> = (message: RawMessage) => T | typeof LEADERLESS;

interface Question {
  fail(why: string): void;
  onReply(message: RawMessage): void;
}

/** Of an answer about a stream: subjects that it has, and how many there are altogether. @throws RecordsUnavailableError */
function subjectsOf(payload: Uint8Array): { readonly page: readonly string[]; readonly total: number } {
  const { state, total, error } = answerOf(payload);
  if (error !== undefined) throw new RecordsUnavailableError(`${error.err_code} ${error.description}`);
  const page = Object.keys(state?.subjects ?? {});
  return { page, total: total ?? page.length };
}

interface StreamAnswer {
  readonly state?: { readonly subjects?: Readonly<Record<string, number>> };
  readonly total?: number;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function answerOf(payload: Uint8Array): StreamAnswer {
  try {
    return JSON.parse(Buffer.from(payload).toString()) as StreamAnswer;
  } catch (cause) {
    throw new RecordsUnavailableError('an answer that cannot be read', { cause });
  }
}

function deletionOf(payload: Uint8Array): { success: boolean; code: number; description: string } {
  try {
    const reply = JSON.parse(Buffer.from(payload).toString()) as {
      success?: boolean;
      error?: { err_code?: number; description?: string };
    };
    const { err_code: code = 0, description = 'no reason' } = reply.error ?? {};
    return { success: reply.success === true, code, description };
  } catch {
    // Policy: what is no JSON is no answer; it is told as such.
    return { success: false, code: 0, description: 'an answer that cannot be read' };
  }
}
