import { randomBytes } from 'node:crypto';
import { AdminServer } from './admin-server.ts';
import { type RuntimeConfig, runtimeConfig } from './config.ts';
import { helpText, printConfig } from './config-describe.ts';
import { ConfigError, type ConfigSources, type ConfigsOf, loadConfig, type Specs } from './config-load.ts';
import type { ConfigSpec } from './config-spec.ts';
import { KNOWN_KEYS } from './generated/known-keys.ts';
import { Health } from './health.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger, type LogLevel } from './log.ts';
import { MetricsRegistry, runtimeMetrics } from './metrics.ts';
import { showProcess } from './process-metrics.ts';
import { collectWhenQuiet } from './quiet-collection.ts';

/** How a process ends. */
export const EXIT = {
  ok: 0,
  /** It could not start, something could not be stopped, or a mistake of ours ended it. */
  failed: 1,
  /** EX_CONFIG of sysexits.h: the configuration is wrong, and starting again would not help. */
  config: 78,
  /** A shell's number for "ended by this signal". */
  signal: { SIGINT: 130, SIGTERM: 143 },
} as const;

export interface ServiceContext<S extends Specs> {
  readonly config: ConfigsOf<S> & { readonly runtime: RuntimeConfig };
  /** Name of this process, unique in the cluster. */
  readonly id: string;
  /** Starts something now and stops it in reverse order at the end (see Lifecycle.use). */
  readonly use: Lifecycle['use'];
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly admin: AdminServer;
  /** Adds fields to the ready line: announce({ c2s: 5222 }). */
  readonly announce: (fields: Readonly<Record<string, unknown>>) => void;
  /** Stops this process as SIGTERM does. */
  readonly stop: () => void;
}

export interface RunOptions {
  /** Default: process.argv.slice(2). */
  readonly args?: readonly string[];
}

const COMMANDS = ['--help', '--check-config', '--print-config', '--json-ready'] as const;
type Command = (typeof COMMANDS)[number];

/**
 * Runs this process as a service: reads the configuration, starts, and when `start` returns it is ready. SIGTERM or SIGINT: not ready
 * any more, everything stopped in reverse order, exit 0; a second signal, or the hard timer, ends it at once. It never returns
 * otherwise than by ending the process. Only a main.ts calls it.
 */
export async function runService<const S extends Specs>(
  service: string,
  specs: S,
  start: (context: ServiceContext<S>) => Promise<void>,
  options: RunOptions = {},
): Promise<void> {
  const given = options.args ?? process.argv.slice(2);
  const commands = new Set(given.filter((arg): arg is Command => (COMMANDS as readonly string[]).includes(arg)));
  const args = given.filter((arg) => !commands.has(arg as Command));
  const all = { runtime: runtimeConfig as ConfigSpec, ...specs };
  // The environment and the file may be shared by all services of a cluster; a key of another one is no mistake.
  const sources: ConfigSources = { env: process.env, args, known: KNOWN_KEYS };
  if (commands.has('--help')) return print(helpText(`starling ${service}`, Object.values(all)));
  try {
    if (commands.has('--print-config')) return print(printConfig(all, sources));
    const config = loadConfig(all, sources) as ServiceContext<S>['config'];
    if (commands.has('--check-config')) return print('the configuration is good\n');
    await new ServiceProcess(service, config, commands.has('--json-ready')).run(start);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printProblems(service, error);
    process.exitCode = EXIT.config;
  }
}

/** Pipes and files are written synchronously (Node's process I/O): it is out before an exit. */
const print = (text: string): void => void process.stdout.write(text);

/** The operator sees all of it at once. */
function printProblems(service: string, { problems }: ConfigError): void {
  process.stderr.write(`${service}: the configuration is wrong\n${problems.map((p) => `  ${p}\n`).join('')}`);
}

/** One service from its start to its exit. */
class ServiceProcess<S extends Specs> {
  readonly #service: string;
  readonly #config: ServiceContext<S>['config'];
  readonly #jsonReady: boolean;
  readonly #lifecycle = new Lifecycle();
  readonly #id: string;
  readonly #metrics = new MetricsRegistry();
  readonly #log: Logger;
  #isStarted = false;
  #exitCode: number = EXIT.ok;
  #ending: Promise<void> | undefined;
  /** performance.now(). */
  #stoppingSince: number | undefined;

  constructor(service: string, config: ServiceContext<S>['config'], jsonReady: boolean) {
    this.#service = service;
    this.#config = config;
    this.#jsonReady = jsonReady;
    const { id, logLevel, logUsers } = config.runtime;
    this.#id = id || `${service}-${randomBytes(4).toString('hex')}`;
    const { droppedLogLines, logLines } = this.#metrics.register(runtimeMetrics);
    const onDrop = () => droppedLogLines.inc();
    const onLine = (level: LogLevel) => logLines.inc(1, { level });
    this.#log = createLogger({ service, id: this.#id, level: logLevel, users: logUsers, onDrop, onLine });
  }

  async run(start: (context: ServiceContext<S>) => Promise<void>): Promise<void> {
    const log = this.#log;
    this.#armSignals();
    log.info({ what: 'service_starting', node: process.version });
    try {
      const ready = await this.#start(start);
      if (this.#lifecycle.isStopping) return;
      this.#isStarted = true;
      log.info({ what: 'service_ready', ...ready });
      if (this.#jsonReady) print(`${JSON.stringify({ ready: true, ...ready })}\n`);
    } catch (error) {
      // Policy: a signal during the start is a stop like any other; a start that fails ends the process, after stopping what had started.
      if (this.#lifecycle.isStopping) return;
      const isConfig = error instanceof ConfigError;
      if (isConfig) printProblems(this.#service, error);
      else log.error({ what: 'service_start_failed', err: error });
      await this.#end(isConfig ? EXIT.config : EXIT.failed);
    }
  }

  async #start(start: (context: ServiceContext<S>) => Promise<void>): Promise<Record<string, unknown>> {
    const { runtime } = this.#config;
    const health = new Health();
    const metrics = this.#metrics;
    health.ready('service', () => (this.#lifecycle.isStopping ? 'stopping' : this.#isStarted || 'starting'));
    const use: Lifecycle['use'] = (name, thing, stop, options) => this.#lifecycle.use(name, thing, stop, options);
    const shown = { metrics, service: this.#service, health, stopMs: runtime.stopMs };
    const showing = showProcess({ ...shown, stoppingSince: () => this.#stoppingSince });
    await use('process metrics', showing, (end) => end());
    const opening = AdminServer.open({
      host: runtime.adminHost,
      port: runtime.adminPort,
      token: runtime.adminToken,
      health,
      metrics,
      log: this.#log,
    });
    const admin = await use('admin', opening, (a) => a.close());
    const announced: Record<string, unknown> = {};
    const { quietCollections: collections } = metrics.register(runtimeMetrics);
    const { quietMs, quietHeapMaxBytes: heapMaxBytes, quietThoroughMaxBytes: thoroughMaxBytes } = runtime;
    const quiet = collectWhenQuiet({ quietMs, heapMaxBytes, thoroughMaxBytes, collections });
    await use('quiet collection', quiet, (stop) => stop());
    await start({
      config: this.#config,
      id: this.#id,
      use,
      log: this.#log,
      metrics,
      health,
      admin,
      announce: (fields) => void Object.assign(announced, fields),
      stop: () => void this.#end(EXIT.ok),
    });
    return { service: this.#service, id: this.#id, pid: process.pid, admin: admin.port, ...announced };
  }

  #armSignals(): void {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(EXIT.signal[signal]);
        void this.#end(EXIT.ok);
      });
    }
    // Policy: a mistake of ours leaves the process in a state that nobody planned: stop what can be stopped, and start anew.
    const fail = (error: unknown) => {
      this.#log.error({ what: 'process_failed', err: error });
      void this.#end(EXIT.failed);
    };
    process.on('uncaughtException', fail);
    process.on('unhandledRejection', fail);
  }

  /** Stops everything and ends the process with the worst of the codes. */
  #end(code: number): Promise<void> {
    this.#exitCode = Math.max(this.#exitCode, code);
    this.#stoppingSince ??= performance.now();
    this.#ending ??= this.#stop().then(() => process.exit(this.#exitCode));
    return this.#ending;
  }

  async #stop(): Promise<void> {
    const log = this.#log;
    const { stopMs } = this.#config.runtime;
    setTimeout(() => {
      log.error({ what: 'service_stop_forced', afterMs: stopMs });
      // Not flush(): what keeps us from stopping may keep the log from draining too; at exit pino writes what it can.
      process.exit(EXIT.failed);
    }, stopMs).unref();
    log.info({ what: 'service_stopping' });
    for (const { name, error } of await this.#lifecycle.stop()) {
      this.#exitCode = Math.max(this.#exitCode, EXIT.failed);
      log.error({ what: 'service_stop_failed', part: name, err: error });
    }
    log.info({ what: 'service_stopped' });
    await log.flush();
  }
}
