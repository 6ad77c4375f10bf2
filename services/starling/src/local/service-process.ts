import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, type Exit, type OrphanGuard } from '@starling/local-servers';
import type { Logger } from '@starling/runtime';
import type { ReadyProcess } from '../host.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const RESTART_DELAY_MS = 1_000;

export interface ServiceOptions {
  readonly service: 'archive' | 'edge' | 'presence' | 'roster';
  readonly id: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFolder: string;
  readonly guard: OrphanGuard;
  readonly log: Logger;
  /** Whether it is started again when it dies. */
  readonly restart: boolean;
}

/** One service process; with `restart`, what stands in for it after its death too. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  #child: Child;
  #ready: ReadyProcess | undefined;
  #isStopping = false;
  #restarting: Promise<void> | undefined;

  private constructor(options: ServiceOptions, child: Child) {
    this.#options = options;
    this.#child = child;
  }

  /** Starts it; `ready` says when it serves. @throws ChildError */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const process = new ServiceProcess(options, await spawnService(options, {}));
    process.#watch();
    return process;
  }

  get id(): string {
    return this.#options.id;
  }

  get isRunning(): boolean {
    return this.#child.isRunning;
  }

  /** What it has announced, for the ready line. @throws ChildError with the end of its log */
  async ready(): Promise<ReadyProcess> {
    const { ready: _, ...announced } = await this.#child.ready(READY_TIMEOUT_MS);
    this.#ready = announced as unknown as ReadyProcess;
    return this.#ready;
  }

  /** A port that it has announced; 0 when it is not there. */
  port(name: 'c2s' | 'c2sTls' | 'http'): number {
    const port = this.#ready?.[name];
    return typeof port === 'number' ? port : 0;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#child.stop(STOP_TIMEOUT_MS);
    await this.#restarting;
    await this.#child.stop(STOP_TIMEOUT_MS);
  }

  #watch(): void {
    const { id, log, restart } = this.#options;
    void this.#child.exited.then(({ code, signal }: Exit) => {
      // Before it is ready, whoever waits for that tells why it died.
      if (this.#isStopping || !this.#ready) return;
      log.error({ what: 'process_exited', process: id, code, signal });
      if (restart) this.#restarting = this.#startAgain();
    });
  }

  /** Until it is there again, a second apart, as an operator's supervisor does. */
  async #startAgain(): Promise<void> {
    const { id, log } = this.#options;
    for (let isBack = false; !isBack && !this.#isStopping; ) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS));
      if (!this.#isStopping) isBack = await this.#tryAgain();
    }
    if (!this.#isStopping) log.info({ what: 'process_restarted', process: id, pid: this.#child.pid });
    this.#watch();
  }

  async #tryAgain(): Promise<boolean> {
    const { id, log } = this.#options;
    try {
      this.#child = await spawnService(this.#options, samePorts(this.#ready));
      await this.ready();
      return true;
    } catch (error) {
      // Policy: told, and tried again.
      log.error({ what: 'process_restart_failed', process: id, err: error });
      await this.#child.stop(STOP_TIMEOUT_MS);
      return false;
    }
  }
}

/**
 * In MiB, and twice that is what a busy process takes, and does not all give back when it is idle: what lives for a batch dies young then, and is not
 * copied twice before (of the archive, a tenth of the CPU of a message).
 */
const SEMI_SPACE_MIB: Readonly<Record<string, number>> = { archive: 32 };
const SEMI_SPACE_REST_MIB = 8;

/**
 * Names a file with the folder of another release, whose services are started instead: how an upgrade is played, as the file may change meanwhile.
 * Not STARLING_…: those are settings.
 */
const CODE_FILE_VARIABLE = 'LOCAL_CODE_FILE';

/** A service is its index for whoever runs it in process, and beside it the main that is a process. */
function mainOf(service: string, { [CODE_FILE_VARIABLE]: codeFile = '' }: NodeJS.ProcessEnv): string {
  if (codeFile !== '') return join(readFileSync(codeFile, 'utf8').trim(), 'services', service, 'dist', 'main.js');
  return fileURLToPath(new URL('./main.js', import.meta.resolve(`@starling/${service}`)));
}

function spawnService(
  { service, id, env, logFolder, guard }: ServiceOptions,
  ports: NodeJS.ProcessEnv,
): Promise<Child> {
  return Child.start({
    name: id,
    command: process.execPath,
    args: [
      `--max-semi-space-size=${SEMI_SPACE_MIB[service] ?? SEMI_SPACE_REST_MIB}`,
      mainOf(service, env),
      '--json-ready',
    ],
    env: { ...env, STARLING_ID: id, ...ports },
    logFile: join(logFolder, `${id}.log`),
    guard,
  });
}

/** Clients and tests know the ports that the first one had. */
function samePorts(ready: ReadyProcess | undefined): NodeJS.ProcessEnv {
  const given: NodeJS.ProcessEnv = {};
  const keys = { c2s: 'C2S_PORT', c2sTls: 'C2S_TLS_PORT', http: 'HTTP_PORT', admin: 'ADMIN_PORT' } as const;
  for (const [name, key] of Object.entries(keys)) {
    if (typeof ready?.[name] === 'number') given[`STARLING_${key}`] = String(ready[name]);
  }
  return given;
}
