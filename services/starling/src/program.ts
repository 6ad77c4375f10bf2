import type { Specs } from '@starling/runtime';
import { Command, InvalidArgumentError } from 'commander';
import { EXIT_HELP } from './exit-codes.ts';
import { keysHelp } from './keys-help.ts';
import { duration } from './option-values.ts';
import { addOperatorCommands } from './program-operators.ts';
import { clusterSpecs, embeddedSpecs, migrateSpecs } from './specs.ts';
import { VERSION } from './version.ts';

const PROCESSES_MAX = 32;
/** A database that is being started beside us. */
const DATABASE_TIMEOUT_MS = 60_000;

export interface ClusterOptions {
  readonly edges: number;
  readonly roster: number;
  readonly archive: number;
  readonly nats: number;
  readonly presence: number;
  readonly restart: boolean;
  readonly jsonReady: boolean;
}

export interface PasswordOptions {
  readonly dataDir?: string;
  readonly passwordStdin: boolean;
}

export interface TryCommandOptions {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port: number;
  readonly timeout: number;
}

export interface ExportOptions {
  readonly dataDir?: string;
  readonly file?: string;
  readonly archive: boolean;
}

/** What the command line asks for, to be carried out by `run`; the tests record it instead. */
export interface Actions {
  /** `args`: the flags of keys, for loadConfig. */
  start(args: readonly string[], options: { jsonReady: boolean }): Promise<number>;
  cluster(args: readonly string[], options: ClusterOptions): Promise<number>;
  check(args: readonly string[], options: { json: boolean }): Promise<number>;
  migrate(args: readonly string[], options: { json: boolean; timeout: number }): Promise<number>;
  try(options: TryCommandOptions): Promise<number>;
  userAdd(name: string, password: string | undefined, options: PasswordOptions): Promise<number>;
  userPasswd(name: string, password: string | undefined, options: PasswordOptions): Promise<number>;
  userDel(name: string, options: { dataDir?: string }): Promise<number>;
  userRetention(name: string, duration: string, options: { dataDir?: string }): Promise<number>;
  userList(options: { dataDir?: string }): Promise<number>;
  userExport(name: string | undefined, options: ExportOptions): Promise<number>;
  userImport(file: string, options: { dataDir?: string; resume: boolean }): Promise<number>;
  archiveExport(name: string, options: { dataDir?: string; file?: string }): Promise<number>;
  archivePrune(name: string | undefined, options: { dataDir?: string; before: string }): Promise<number>;
  drain(edge: string | undefined, options: ProgramDrainOptions): Promise<number>;
  sessionList(name: string | undefined, options: ProgramListOptions): Promise<number>;
  sessionKick(jid: string, options: { dataDir?: string; all: boolean; reason: string }): Promise<number>;
  watch(name: string, options: { dataDir?: string; json: boolean; count: number }): Promise<number>;
  top(options: ProgramTopOptions): Promise<number>;
}

export interface ProgramDrainOptions {
  readonly dataDir?: string;
  readonly all: boolean;
  readonly force: boolean;
  /** In ms. */
  readonly timeout: number;
}

export interface ProgramListOptions {
  readonly dataDir?: string;
  readonly edge?: string;
  readonly json: boolean;
  readonly limit: number;
  readonly after: string;
}

export interface ProgramTopOptions {
  readonly dataDir?: string;
  readonly once: boolean;
  readonly json: boolean;
  /** In ms. */
  readonly interval: number;
  readonly svg?: string;
}

/** The command line of `starling`. `done` gets the exit code of the action that ran. */
export function buildProgram(actions: Actions, done: (exitCode: number) => void): Command {
  const program = new Command('starling')
    .description('Starling, a horizontally scaled XMPP messaging cluster')
    .version(VERSION)
    .addHelpText('after', EXIT_HELP)
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(starling --help tells more)')
    .exitOverride();

  // Flags of keys are unknown to commander: loadConfig reads them, and tells all mistakes at once.
  const withKeys = (name: string, description: string, specs: Specs) =>
    program
      .command(name)
      .description(description)
      .usage('[options] [--<key> <value> …]')
      .addHelpText('after', () => keysHelp(specs))
      .allowUnknownOption()
      .allowExcessArguments();

  withKeys('start', 'run everything in this process: the embedded mode', embeddedSpecs)
    .option('--json-ready', 'print one JSON line on standard output when all is ready, and nothing else', false)
    .action(async (options, command: Command) => done(await actions.start(command.args, options)));

  withKeys('cluster', 'run a cluster on this machine: every service a process, on NATS and PostgreSQL', clusterSpecs)
    .option('--edges <n>', 'edges', count(1), 3)
    .option('--roster <n>', 'roster services', count(1), 1)
    .option('--archive <n>', 'archive services', count(1), 1)
    .option('--presence <n>', 'presence services', count(1), 1)
    .option(
      '--nats <n>',
      'NATS servers, 1 or 3, and replicas of the log; 3 need nats-server 2.11 or later',
      natsCount,
      1,
    )
    .option('--restart', 'start a process again, on the same ports, when it dies', false)
    .option('--json-ready', 'print one JSON line on standard output when all is ready, and nothing else', false)
    .action(async (options, command: Command) => done(await actions.cluster(command.args, options)));

  withKeys(
    'check',
    'examine configuration, data folder, ports, DNS, certificate, NATS, PostgreSQL, limits and clocks',
    embeddedSpecs,
  )
    .option('--json', 'print the findings as JSON', false)
    .action(async (options, command: Command) => done(await actions.check(command.args, options)));

  withKeys('migrate', 'bring the tables of all services up to date, or see that they are', migrateSpecs)
    .option('--json', 'print what was run as JSON', false)
    .option('--timeout <duration>', 'how long the database may take to answer', duration(1), DATABASE_TIMEOUT_MS)
    .action(async (options, command: Command) => done(await actions.migrate(command.args, options)));

  program
    .command('try')
    .description('make two accounts, log them in, let them chat, remove them: shows that clients are served')
    .option('--host <name>', 'where clients connect; default: the domain')
    .option('--port <n>', 'of TCP with STARTTLS', portOf, 5222)
    .option('--timeout <s>', 'seconds for each answer', secondsOf, 15)
    .option('--data-dir <folder>', 'of the system; default: STARLING_DATA_DIR, else the usual folders')
    .action(async (options) => done(await actions.try(options)));

  const user = program.command('user').description('administer accounts, of a running or of a stopped system');
  const dataDir = ['--data-dir <folder>', 'of the system; default: STARLING_DATA_DIR, else the usual folders'] as const;
  const stdin = ['--password-stdin', 'the password is the first line of standard input', false] as const;
  const passwordHelp = 'asked for when it is left out';
  user
    .command('add')
    .description('make an account')
    .argument('<user>', 'alice, or alice@domain')
    .argument('[password]', passwordHelp)
    .option(...dataDir)
    .option(...stdin)
    .action(async (name, password, options) => done(await actions.userAdd(name, password, options)));
  user
    .command('passwd')
    .description('set the password of an account')
    .argument('<user>', 'alice, or alice@domain')
    .argument('[password]', passwordHelp)
    .option(...dataDir)
    .option(...stdin)
    .action(async (name, password, options) => done(await actions.userPasswd(name, password, options)));
  user
    .command('del')
    .description('delete an account and all that belongs to it')
    .argument('<user>', 'alice, or alice@domain')
    .option(...dataDir)
    .action(async (name, options) => done(await actions.userDel(name, options)));
  user
    .command('retention')
    .description('set how long the messages of an account are kept')
    .argument('<user>', 'alice, or alice@domain')
    .argument('<duration>', '30d, 12h, 0 (for ever) or default (STARLING_ARCHIVE_RETENTION)')
    .option(...dataDir)
    .action(async (name, duration, options) => done(await actions.userRetention(name, duration, options)));
  user
    .command('list')
    .description('print all accounts, one a line')
    .option(...dataDir)
    .action(async (options) => done(await actions.userList(options)));
  const file = ['--file <file>', 'where to; default: standard output'] as const;
  user
    .command('export')
    .description('write accounts with all that belongs to them as XML (XEP-0227)')
    .argument('[user]', 'alice, or alice@domain; default: everybody')
    .option(...file)
    .option('--no-archive', 'without the archive of messages')
    .option(...dataDir)
    .action(async (name, options) => done(await actions.userExport(name, options)));
  user
    .command('import')
    .description('make the accounts of such a file; those that exist are passed by')
    .argument('<file>')
    .option('--resume', 'go on with the messages of accounts that exist, where an import was interrupted', false)
    .option(...dataDir)
    .action(async (path, options) => done(await actions.userImport(path, options)));

  const archive = program.command('archive').description('export or prune archived messages');
  archive
    .command('export')
    .description('write the archive of an account as XML (XEP-0227)')
    .argument('<user>', 'alice, or alice@domain')
    .option(...file)
    .option(...dataDir)
    .action(async (name, options) => done(await actions.archiveExport(name, options)));
  archive
    .command('prune')
    .description('erase messages for ever, of one account or of all')
    .argument('[user]', 'alice, or alice@domain; default: everybody')
    .requiredOption('--before <date>', 'erase what is older: 2026-01-31, or 2026-01-31T18:00:00Z')
    .option(...dataDir)
    .action(async (name, options) => done(await actions.archivePrune(name, options)));
  addOperatorCommands(program, actions, done);
  return program;
}

const SECONDS_MAX = 600;
const PORT_MAX = 65_535;

const numberUpTo = (max: number) => (text: string) => {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new InvalidArgumentError(`1 to ${max}`);
  return value;
};
const portOf = numberUpTo(PORT_MAX);
const secondsOf = numberUpTo(SECONDS_MAX);

const count = (min: number) => (text: string) => {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  if (value < min || value > PROCESSES_MAX) throw new InvalidArgumentError(`${min} to ${PROCESSES_MAX}`);
  return value;
};

function natsCount(text: string): number {
  if (text !== '1' && text !== '3') throw new InvalidArgumentError('1 or 3: a majority of 2 is no better than 1');
  return Number(text);
}
