import { createHash } from 'node:crypto';
import { pino } from 'pino';
import type { What } from './what.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * One line: what happened, and the values that tell it. `err` takes the error, `user` a bare JID (hashed unless configured). Never a
 * body, never a password.
 */
export interface LogLine {
  readonly what: What;
  readonly user?: string | undefined;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

export interface Logger {
  trace(line: LogLine): void;
  debug(line: LogLine): void;
  info(line: LogLine): void;
  warn(line: LogLine): void;
  error(line: LogLine): void;
  /** A logger that adds these fields to each line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
  /** Whether a line of this level would be written: ask before computing something only for a debug line. */
  isLevelEnabled(level: LogLevel): boolean;
  /** Resolves when everything logged so far has been handed to the operating system. */
  flush(): Promise<void>;
}

export interface LoggerOptions {
  readonly service: string;
  readonly id: string;
  readonly level: LogLevel;
  readonly users?: 'hash' | 'plain';
  /** Default: standard error. Standard output belongs to the ready line. */
  readonly write?: (line: string) => void;
  /** Called for each line that is dropped because the reader of standard error is too slow. */
  readonly onDrop?: () => void;
  /** Called for each line that is written. */
  readonly onLine?: (level: LogLevel) => void;
}

/** What may wait for a slow reader of standard error; beyond it lines are dropped rather than the process stopped. */
const LOG_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
const USER_HASH_DIGITS = 12;

const NOTHING = (): void => {};

/** The same short name for the same JID in every process, without the JID. */
export const hashUser = (user: string): string =>
  createHash('sha256').update(user).digest('hex').slice(0, USER_HASH_DIGITS);

/** A logger of one process: JSON lines with level, time (ISO), service, id, what. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.write ? { write: options.write } : openStandardError(options.onDrop ?? NOTHING);
  const hashed = options.users !== 'plain';
  const onLine = options.onLine ?? NOTHING;
  const root = pino(
    {
      level: options.level,
      base: { service: options.service, id: options.id },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, method, level) {
          onLine((pino.levels.labels[level] ?? 'info') as LogLevel);
          method.apply(this, args);
        },
      },
      serializers: hashed ? { user: (user: unknown) => (typeof user === 'string' ? hashUser(user) : user) } : {},
    },
    destination,
  );
  return new PinoLogger(root);
}

/**
 * Asynchronous: with a synchronous destination a reader that stalls would stall the event loop, and with it the heartbeats (measured
 * with a reader on the same core: 59 µs a line against 2.5).
 */
function openStandardError(onDrop: () => void) {
  // minLength 1 buffers nothing, but with 0 its flush() would not wait (sonic-boom 4.2).
  const destination = pino.destination({ dest: 2, sync: false, minLength: 1, maxLength: LOG_BUFFER_BYTES_MAX });
  // Policy: nobody reads the log any more: that is no reason to stop serving.
  destination.on('error', NOTHING);
  destination.on('drop', onDrop);
  return destination;
}

/** Narrows pino to lines with a `what`. */
class PinoLogger implements Logger {
  readonly #pino: pino.Logger;
  readonly trace: Logger['trace'];
  readonly debug: Logger['debug'];
  readonly info: Logger['info'];
  readonly warn: Logger['warn'];
  readonly error: Logger['error'];
  constructor(logger: pino.Logger) {
    this.#pino = logger;
    this.trace = logger.trace.bind(logger);
    this.debug = logger.debug.bind(logger);
    this.info = logger.info.bind(logger);
    this.warn = logger.warn.bind(logger);
    this.error = logger.error.bind(logger);
  }
  child(fields: Readonly<Record<string, unknown>>): Logger {
    return new PinoLogger(this.#pino.child(fields));
  }
  isLevelEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }
  flush(): Promise<void> {
    // Policy: a log that cannot be written (closed pipe) is no reason to fail.
    return new Promise((resolve) => this.#pino.flush(() => resolve()));
  }
}

/** For tests and for code that runs without a process of its own. */
export const silentLogger: Logger = {
  trace: NOTHING,
  debug: NOTHING,
  info: NOTHING,
  warn: NOTHING,
  error: NOTHING,
  child: () => silentLogger,
  isLevelEnabled: () => false,
  flush: () => Promise.resolve(),
};
