import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Exit } from './child.ts';
import { freePorts } from './free-ports.ts';
import { canEnter } from './may-enter.ts';
import type { OrphanGuard } from './orphan-guard.ts';

const VERSION_MIN = 15;
const PROGRAMS = ['postgres', 'initdb', 'createdb'] as const;
const DISTRIBUTION_FOLDER = '/usr/lib/postgresql';
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const LOG_TAIL_CHARACTERS = 2000;
/** Line of postmaster.pid that says how far the server is. */
const STATUS_LINE = 7;

/** No PostgreSQL on this machine, or it would not start. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}

export interface PostgresOptions {
  /** Wait for the disk at each commit, as in production. Without it commits survive kill(), but no power loss: enough for tests. */
  readonly fsync?: boolean;
  /** Further settings, `name=value`. */
  readonly settings?: readonly string[];
  /** The folder with its programs; default: findPostgres(). */
  readonly bin?: string;
  /** Keeps its data here for the next start; without it they are temporary. */
  readonly folder?: string;
  /** Ends the server when this process is killed; then it also is in a session of its own. */
  readonly guard?: OrphanGuard;
}

/** The folder with PostgreSQL's programs: `configured`, else PATH, else the newest of the distribution's; at least version 15. */
export async function findPostgres(configured = process.env.STARLING_POSTGRES_BIN): Promise<string | undefined> {
  const candidates = configured
    ? [configured]
    : [...(process.env.PATH ?? '').split(delimiter), ...distributionFolders()];
  for (const candidate of candidates) {
    // A link to one of the programs leads to the folder that has them all.
    const folder = candidate === '' ? '' : programFolder(join(candidate, 'postgres'));
    if (folder !== '' && PROGRAMS.every((program) => isExecutable(join(folder, program)))) {
      const { stdout } = await execFileAsync(join(folder, 'postgres'), ['--version']);
      if (Number(/ (\d+)/.exec(stdout)?.[1] ?? 0) >= VERSION_MIN) return folder;
    }
  }
  return undefined;
}

const execFileAsync = promisify(execFile);

function distributionFolders(): readonly string[] {
  try {
    const versions = readdirSync(DISTRIBUTION_FOLDER).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DISTRIBUTION_FOLDER, version, 'bin'));
  } catch {
    // Policy: another distribution has no such folder.
    return [];
  }
}

function programFolder(path: string): string {
  try {
    return dirname(realpathSync(path));
  } catch {
    // Policy: then it is not there.
    return '';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Policy: then it is not there for us.
    return false;
  }
}

/** How its programs are run: as whom, and through which program. */
interface Runner {
  readonly identity: { readonly uid?: number; readonly gid?: number };
  readonly prefix: readonly string[];
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, else as nobody. */
function otherAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account) return { name, uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new PostgresError('PostgreSQL does not run as root, and there is no user postgres or nobody');
}

const SETPRIV = '/usr/bin/setpriv';

/**
 * Root's folders are often closed to others, and the data have to be in one of them when that is where the data folder is: then the server
 * gets the right to pass them, and no other.
 */
function runnerFor(folder: string): Runner {
  const account = otherAccount();
  if (account === undefined) return { identity: {}, prefix: [] };
  const { name, uid, gid } = account;
  for (const path of [folder, join(folder, 'data')]) if (existsSync(path)) chownSync(path, uid, gid);
  if (canEnter(folder, account)) return { identity: { uid, gid }, prefix: [] };
  if (!isExecutable(SETPRIV))
    throw new PostgresError(
      `PostgreSQL runs as ${name}, who may not enter ${folder}: open the folders above it (chmod o+x)`,
    );
  const capability = '+dac_override';
  const who = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return { identity: {}, prefix: [SETPRIV, ...who, `--inh-caps=${capability}`, `--ambient-caps=${capability}`, '--'] };
}

/** A server of one's own: its port is free, it ends with this process, and its data are temporary unless a folder keeps them. */
export class Postgres {
  #port = 0;
  readonly #bin: string;
  readonly #folder: string;
  readonly #options: PostgresOptions;
  readonly #runner: Runner;
  readonly #exitHandlers = new Set<(exit: Exit) => void>();
  #child: ChildProcess | undefined;
  #isReady = false;
  readonly #killAtExit = () => void this.#child?.kill('SIGKILL');

  private constructor(bin: string, folder: string, options: PostgresOptions) {
    this.#bin = bin;
    this.#folder = folder;
    this.#options = options;
    this.#runner = runnerFor(folder);
    process.once('exit', this.#killAtExit);
  }

  /** @throws PostgresError when there is none, or with the end of its log */
  static async start(options: PostgresOptions = {}): Promise<Postgres> {
    const bin = options.bin ?? (await findPostgres());
    if (!bin) throw new PostgresError('no PostgreSQL 15 or later found; install it or set STARLING_POSTGRES_BIN');
    const folder =
      options.folder === undefined ? mkdtempSync(join(tmpdir(), 'starling-pg-')) : keptFolder(resolve(options.folder));
    const postgres = new Postgres(bin, folder, options);
    try {
      if (!existsSync(join(postgres.#dataDir, 'PG_VERSION'))) await postgres.#init();
      // As late as can be: making a database takes seconds, in which somebody else may take the port.
      [postgres.#port = 0] = await freePorts(1);
      await postgres.startAgain();
      return postgres;
    } catch (error) {
      // Policy: nothing stays behind; the caller gets what the program said.
      await postgres.stop();
      throw error instanceof PostgresError ? error : new PostgresError('initdb failed', { cause: error });
    }
  }

  async #init(): Promise<void> {
    // What an interrupted initdb has left is no database.
    rmSync(this.#dataDir, { recursive: true, force: true });
    const options = ['-U', 'starling', '-A', 'trust', '-E', 'UTF8', '--no-locale'];
    if (!this.#options.fsync) options.push('--no-sync');
    const [command, args] = this.#commandOf('initdb', ['-D', this.#dataDir, ...options]);
    await execFileAsync(command, args, { ...this.#runner.identity, cwd: this.#folder });
  }

  #commandOf(program: string, args: readonly string[]): [command: string, args: string[]] {
    const [command = '', ...rest] = [...this.#runner.prefix, join(this.#bin, program), ...args];
    return [command, rest];
  }

  get #dataDir(): string {
    return join(this.#folder, 'data');
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where a database of this server is, for STARLING_DATABASE_URL. */
  url(database = 'postgres'): string {
    return `postgresql://starling@127.0.0.1:${this.port}/${database}`;
  }

  /**
   * Makes a database, empty or as a copy of another one to which nobody is connected.
   * @returns its name
   */
  async createDatabase(template = 'template1'): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    const connection = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'starling'];
    await execFileAsync(join(this.#bin, 'createdb'), [...connection, '-T', template, name]);
    return name;
  }

  /** Starts it again after stop(false) or kill(), with the data and the port that it had. */
  async startAgain(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    // Children of a killed server may still hold its memory; until they are gone it refuses to start.
    while (!(await this.#tryStart())) {
      if (performance.now() > deadline) throw new PostgresError(`PostgreSQL does not start:\n${this.#logTail()}`);
      await delay(POLL_MS * 5);
    }
  }

  async #tryStart(): Promise<boolean> {
    // No Unix socket: its path has a limit of 107 bytes, and data folders are deep.
    const settings = [`port=${this.port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
    settings.push('max_connections=200', 'shared_buffers=64MB');
    if (!this.#options.fsync) settings.push('fsync=off', 'full_page_writes=off');
    settings.push(...(this.#options.settings ?? []));
    const log = openSync(join(this.#folder, 'log'), 'a');
    const [command, args] = this.#commandOf('postgres', ['-D', this.#dataDir, ...settings.flatMap((x) => ['-c', x])]);
    const { guard } = this.#options;
    const child = spawn(command, args, {
      ...this.#runner.identity,
      cwd: this.#folder,
      stdio: ['ignore', log, log],
      detached: guard !== undefined,
    });
    closeSync(log);
    this.#child = child;
    this.#isReady = false;
    const { pid } = child;
    if (pid !== undefined) guard?.watch(pid, 'SIGINT');
    child.once('exit', (code, signal) => {
      if (pid !== undefined) guard?.forget(pid);
      if (this.#child !== child || !this.#isReady) return;
      this.#child = undefined;
      for (const handler of this.#exitHandlers) handler({ code, signal });
    });
    const exited = once(child, 'exit').then(() => false);
    const ready = this.#untilReady(child).then(() => true);
    this.#isReady = await Promise.race([exited, ready]);
    return this.#isReady;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      const lines = readIfThere(join(this.#dataDir, 'postmaster.pid')).split('\n');
      // The file of a killed server is still there until the new one writes its own.
      if (lines[0] === String(child.pid) && lines[STATUS_LINE]?.trim() === 'ready') return;
      await delay(POLL_MS);
    }
    await new Promise(() => {});
  }

  #logTail(): string {
    return readIfThere(join(this.#folder, 'log')).slice(-LOG_TAIL_CHARACTERS);
  }

  /** Called whenever it ends without having been stopped. */
  onExit(handler: (exit: Exit) => void): void {
    this.#exitHandlers.add(handler);
  }

  /** kill -9: connections break, nothing is tidied up. */
  async kill(): Promise<void> {
    // They notice only at their next wait that their server has died, and may answer until then.
    const backends = childrenOf(this.#child?.pid);
    await this.#end('SIGKILL');
    for (const pid of backends) killIfThere(pid);
  }

  /** Ends it at once, without waiting for clients; then removes its folder unless that is kept, or it is to be started again. */
  async stop(removeFolder = true): Promise<void> {
    await this.#end('SIGINT');
    if (!removeFolder) return;
    process.removeListener('exit', this.#killAtExit);
    if (this.#options.folder !== undefined) return;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async restart(): Promise<void> {
    await this.stop(false);
    await this.startAgain();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }
}

/** Process ids, as Linux tells them; elsewhere none. */
function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  return readIfThere(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Policy: it has noticed by itself.
  }
}

function keptFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, 'log');
  if (existsSync(log)) renameSync(log, `${log}.1`);
  return folder;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Policy: not there yet.
    return '';
  }
}
