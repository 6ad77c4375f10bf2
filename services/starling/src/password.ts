import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError, EXIT } from './exit-codes.ts';

export interface PasswordSource {
  /** From the command line. */
  readonly argument: string | undefined;
  /** The first line of standard input. */
  readonly fromStdin: boolean;
}

/** @throws CommandError when there is nobody to ask, or the two answers differ */
export async function readPassword({ argument, fromStdin }: PasswordSource): Promise<string> {
  if (fromStdin) return firstLineOfStdin();
  if (argument !== undefined) return argument;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CommandError(EXIT.usage, 'give a password, or --password-stdin: there is no terminal to ask on');
  const [password = '', again] = await ask(['Password: ', 'Again: ']);
  if (again !== password) throw new CommandError(EXIT.usage, 'the two passwords differ');
  return password;
}

async function firstLineOfStdin(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new CommandError(EXIT.usage, 'standard input is empty');
}

/** Asks on standard error, so that standard output can be piped; the answers are not shown. */
async function ask(prompts: readonly string[]): Promise<readonly string[]> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  const lines = terminal[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const prompt of prompts) {
      process.stderr.write(prompt);
      const { value, done } = await lines.next();
      process.stderr.write('\n');
      // Ctrl-C or Ctrl-D.
      if (done) throw new CommandError(EXIT.failed, 'no password given');
      answers.push(value);
    }
    return answers;
  } finally {
    terminal.close();
  }
}
