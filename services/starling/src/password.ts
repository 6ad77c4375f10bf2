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
  const password = await ask('Password: ');
  if ((await ask('Again: ')) !== password) throw new CommandError(EXIT.usage, 'the two passwords differ');
  return password;
}

async function firstLineOfStdin(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new CommandError(EXIT.usage, 'standard input is empty');
}

/** Asks on standard error, so that standard output can be piped; the answer is not shown. */
function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    // Closed before it has answered: Ctrl-C or Ctrl-D.
    terminal.once('close', () => reject(new CommandError(EXIT.failed, 'no password given')));
    terminal.question('', (answer) => {
      resolve(answer);
      terminal.close();
      process.stderr.write('\n');
    });
  });
}
