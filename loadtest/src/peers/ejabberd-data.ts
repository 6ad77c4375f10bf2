import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SharedKeys } from '../presence/scram.ts';

const run = promisify(execFile);
/** As its start script names it. */
const NODE = 'ejbench@localhost';
const COOKIE = 'bench';
const TIMEOUT_MS = 300_000;

const binary = (text: string) => `<<"${text}">>`;
const numbered = (prefix: string, variable: string) => `<<"${prefix}",(integer_to_binary(${variable}))/binary>>`;
const base64 = (bytes: Buffer) => binary(bytes.toString('base64'));

/** Has an ejabberd that runs evaluate something for each number of a range. @throws Error with what it says */
export async function forEachOnEjabberd(folder: string, from: number, to: number, body: string): Promise<void> {
  if (to < from) return;
  const call = `rpc:call('${NODE}',lists,foreach,[fun(I)->${body} end,lists:seq(${from},${to})],${TIMEOUT_MS})`;
  const program = `io:format("~p",[${call}]),halt().`;
  const name = `starling-bench-${process.pid}@localhost`;
  const args = ['-sname', name, '-setcookie', COOKIE, '-noinput', '-hidden', '-eval', program];
  const { stdout } = await run('erl', args, {
    env: { ...process.env, HOME: folder, ERL_EPMD_ADDRESS: '127.0.0.1' },
    timeout: TIMEOUT_MS,
  });
  if (stdout.trim() !== 'ok') throw new Error(`ejabberd: ${stdout}`);
}

/** ejabberd_auth_mnesia's record of user number I with SCRAM keys (ejabberd 23). */
export function scramAccount(domain: string, { storedKey, serverKey, salt, iterations }: SharedKeys): string {
  const keys = `{scram,${base64(storedKey)},${base64(serverKey)},${base64(salt)},sha,${iterations}}`;
  return `mnesia:dirty_write({passwd,{${numbered('u', 'I')},${binary(domain)}},${keys}})`;
}

/** The same with a password, of t1 and the others. */
export const plainAccount = (domain: string): string =>
  `mnesia:dirty_write({passwd,{${numbered('t', 'I')},${binary(domain)}},${numbered('pw', 'I')}})`;

/** User number I has everybody else of its group, of `contacts` + 1, in its roster. */
export function rosterItems(domain: string, contacts: number): string {
  const size = contacts + 1;
  const add = `mod_admin_extra:add_rosteritem(${numbered('u', 'I')},${binary(domain)},${numbered('u', 'J')},${binary(domain)},<<>>,<<>>,${binary('both')})`;
  return `[${add} || J <- lists:seq(I - I rem ${size},I - I rem ${size} + ${contacts}), J =/= I]`;
}
