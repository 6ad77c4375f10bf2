import { DbUnavailableError, SqlError } from './db.ts';

// SQLSTATE classes that tell of the server's state, not of the statement: connection, resources, operator, system.
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '53', '57', '58']);
// Serialization failure and deadlock: the same transaction may succeed later. Read-only: a standby, or a primary that was demoted.
const UNAVAILABLE_CODES: ReadonlySet<string> = new Set(['25006', '40001', '40P01', '55P03']);
// They stand in class 57 for good, until somebody changes the configuration.
const OURS: ReadonlySet<string> = new Set(['57P04']);

/** What a server's refusal means to the caller. */
export function classifySqlState(code: string, message: string, cause: unknown): DbUnavailableError | SqlError {
  const away = UNAVAILABLE_CODES.has(code) || (UNAVAILABLE_CLASSES.has(code.slice(0, 2)) && !OURS.has(code));
  return away ? new DbUnavailableError(message, { cause }) : new SqlError(code, message, { cause });
}
