/** A promise did not settle in time. What it does later is ignored. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly label: string;
  readonly timeoutMs: number;
  constructor(label: string, timeoutMs: number) {
    super(`${label}: no result within ${timeoutMs} ms`);
    this.label = label;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * The promise's own outcome when it settles within timeoutMs, else a rejection. The work itself goes on: whoever started it has to
 * be able to abandon it.
 * @throws DeadlineError
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number, label: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(label, timeoutMs)), timeoutMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
