import { type Command, InvalidArgumentError } from 'commander';
import { duration } from './option-values.ts';
import type { Actions } from './program.ts';

const LIMIT_MAX = 1_000;
const COUNT_MAX = 1_000_000;
const INTERVAL_MS_MIN = 1_000;
const SHORT_MS_MIN = 1;

const WHERE = `
The system is the one that STARLING_NATS_URL leads to (STARLING_NATS_USER operator of infra/nats, its password in
STARLING_NATS_PASSWORD or the file of STARLING_NATS_PASSWORD_FILE), else the one that runs in the data folder on this machine.`;

/** The commands for whoever operates a running system. */
export function addOperatorCommands(program: Command, actions: Actions, done: (exitCode: number) => void): void {
  const dataDir = ['--data-dir <folder>', 'of a system on this machine; default: as below'] as const;
  const json = ['--json', 'for scripts', false] as const;

  program
    .command('drain')
    .description('let an edge hand over its sessions and stop; its supervisor starts it again')
    .argument('[edge]', 'its id: starling top shows it')
    .option('--all', 'all edges, in turn: each when the one before it is replaced', false)
    .option('--force', 'also the only edge that serves', false)
    .option('--timeout <duration>', 'how long one edge may take', duration(SHORT_MS_MIN), 5 * 60_000)
    .option(...dataDir)
    .addHelpText('after', WHERE)
    .action(async (edge, options) => done(await actions.drain(edge, options)));

  const session = program.command('session').description('look at sessions of a running system, end one');
  session
    .command('list')
    .description('sessions of an account, or of all, and how many each edge has')
    .argument('[user]', 'alice, or alice@domain; default: everybody')
    .option('--edge <id>', 'of this edge alone')
    .option('--limit <n>', `at most so many of each edge, 1 to ${LIMIT_MAX}`, whole(1, LIMIT_MAX), 100)
    .option('--after <jid>', 'go on behind this full JID', '')
    .option(...json)
    .option(...dataDir)
    .addHelpText('after', WHERE)
    .action(async (name, options) => done(await actions.sessionList(name, options)));
  session
    .command('kick')
    .description('end a session for good: its client hears policy-violation (RFC 6120 §4.9.3.14) and cannot resume it')
    .argument('<jid>', 'alice@domain/resource; with --all alice')
    .option('--all', 'all sessions of the account', false)
    .option('--reason <text>', 'what the client is told', '')
    .option(...dataDir)
    .addHelpText(
      'after',
      `\nThe account may log in again at once: to keep somebody out, change the password first (starling user passwd).\n${WHERE}`,
    )
    .action(async (jid, options) => done(await actions.sessionKick(jid, options)));

  program
    .command('watch')
    .description('show live what comes for an account: kinds, sizes, fates, hops; never what it says')
    .argument('<user>', 'alice, or alice@domain')
    .option('--count <n>', 'end after so many', whole(1, COUNT_MAX), 0)
    .option(...json)
    .option(...dataDir)
    .addHelpText('after', WHERE)
    .action(async (name, options) => done(await actions.watch(name, options)));

  program
    .command('top')
    .description('show the cluster live: its processes, their CPU, memory, sessions, messages, lags')
    .option('--once', 'one look, over one interval', false)
    .option('--interval <duration>', 'between two looks', duration(INTERVAL_MS_MIN), 2_000)
    .option('--svg <file>', 'keep the last look as a picture')
    .option(...json)
    .option(...dataDir)
    .addHelpText('after', WHERE)
    .action(async (options) => done(await actions.top(options)));
}

const whole = (min: number, max: number) => (text: string) => {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : -1;
  if (value < min || value > max) throw new InvalidArgumentError(`${min} to ${max}`);
  return value;
};
