import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@starling/testkit';

const TIMEOUT_MS = 60_000;
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  readonly dataDir: string;
  /** What it reads from standard input. */
  readonly input?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** On a terminal: all that it shows is `out`. Needs `script`, which Linux has. */
  readonly terminal?: boolean;
}

/** Runs `starling …` to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const env = { ...systemEnvironment(options.dataDir), ...options.settings };
  const command = [process.execPath, MAIN, ...args];
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const [program = '', ...rest] = options.terminal === true ? ['script', '-qec', quoted, '/dev/null'] : command;
  const child = spawn(program, rest, { env, stdio: 'pipe' });
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  const result = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.err += text;
  });
  child.stdin.on('error', () => {}); // Policy: a command that does not read its input may end before it was written.
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, ...result };
}
