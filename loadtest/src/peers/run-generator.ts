import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type GeneratorLine, type GeneratorOrder, parseLine } from './generator/orders.ts';

const MAIN = fileURLToPath(new URL('./generator/main.js', import.meta.url));
const STDERR_CHARS_MAX = 4_000;

export interface GeneratorOptions {
  /** Of taskset; undefined: wherever there is room. */
  readonly cores?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
}

/** Runs the load generator, which all servers are measured with. @throws Error with what it says when a connection fails */
export async function runGenerator(
  order: GeneratorOrder,
  options: GeneratorOptions,
): Promise<readonly GeneratorLine[]> {
  const { cores, signal, timeoutMs } = options;
  const command = [process.execPath, MAIN, JSON.stringify(order)];
  const [program = '', ...args] = cores === undefined ? command : ['taskset', '--cpu-list', cores, ...command];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARS_MAX);
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const [code, killedBy] = await once(child, 'close');
  if (code !== 0) throw new Error(`the generator ended with ${killedBy ?? code}: ${stderr}`);
  return lines.map(parseLine);
}
