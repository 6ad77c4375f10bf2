/** How the command ends; the numbers are those of sysexits.h, and --help prints them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  /** What was named does not exist, exists already, or is malformed. */
  data: 65,
  unavailable: 69,
  config: 78,
} as const;

export const EXIT_HELP = `
Exit codes: 0 done; 1 failed; 64 wrong usage; 65 the account exists already, does not exist, or is malformed, or there is no such session or edge;
69 unavailable: not running, not reachable, or a port or folder is in use; 78 the configuration is wrong.`;

/** An expected end of a command: one message for the user, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
