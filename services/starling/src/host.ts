import { randomBytes } from 'node:crypto';
import {
  AdminServer,
  type ConfigSources,
  type ConfigsOf,
  createLogger,
  Health,
  Lifecycle,
  type Logger,
  MetricsRegistry,
  type RuntimeConfig,
  resolveConfig,
  runtimeConfig,
  Secret,
  type Specs,
  showProcess,
} from '@starling/runtime';
import { EXIT } from './exit-codes.ts';
import { explain } from './explain.ts';
import { requirePorts, type WantedPort } from './ports.ts';
import { ownSources } from './specs.ts';

/** What `--json-ready` prints: ports, and every process with its ports. */
export interface ReadyLine {
  readonly ready: true;
  readonly domain: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly endpoints: { readonly c2s: number; readonly c2sTls: number; readonly http: number; readonly admin: number };
  readonly processes: readonly ReadyProcess[];
}
export interface ReadyProcess {
  readonly service: string;
  readonly id: string;
  readonly pid: number;
  readonly [port: string]: unknown;
}

export interface HostContext<S extends Specs> {
  readonly config: ConfigsOf<S> & { readonly runtime: RuntimeConfig };
  readonly sources: ConfigSources;
  readonly use: Lifecycle['use'];
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly admin: AdminServer;
  /** For the running file. */
  readonly adminAccess: { readonly pid: number; readonly adminUrl: string; readonly token: string };
  /** A part has failed for good: stop everything and end with 1. */
  readonly fail: (error: unknown) => void;
}

export interface HostOptions<S extends Specs> {
  /** 'start' or 'cluster': the name of the process in its log. */
  readonly name: string;
  readonly specs: S;
  readonly args: readonly string[];
  readonly jsonReady: boolean;
  /** What `start` will listen on, besides the administration: looked at before anything is opened. */
  readonly ports: (config: ConfigsOf<S>) => readonly WantedPort[];
  /** What is printed for people when all is ready. */
  readonly describe: (ready: ReadyLine, config: ConfigsOf<S>) => string;
  readonly start: (context: HostContext<S>) => Promise<ReadyLine>;
}

const ADMIN_TOKEN_BYTES = 32;

/**
 * Runs a whole system in the foreground: like runService of packages/runtime, but for a person in a terminal, with a token of its own
 * for the administration, and with the ready line of a system instead of a service. Resolves with the exit code when all has stopped.
 * @throws ConfigError
 */
export async function runHost<const S extends Specs>(options: HostOptions<S>): Promise<number> {
  const sources = ownSources(options.args);
  const { config, origins } = resolveConfig({ runtime: runtimeConfig, ...options.specs }, sources);
  const full = config as HostContext<S>['config'];
  const { id, logLevel, logUsers } = full.runtime;
  // People read what is printed for them; the lines of a log between would hide it, unless they ask for them.
  const isQuiet =
    !options.jsonReady && process.stderr.isTTY && origins.get(runtimeConfig.fields.logLevel.env) === 'default';
  const level = isQuiet ? 'warn' : logLevel;
  const log = createLogger({
    service: options.name,
    id: id || `${options.name}-${process.pid}`,
    level,
    users: logUsers,
  });
  return new Host(options, full, sources, log).run();
}

const EVERYWHERE = new Set(['0.0.0.0', '::', '']);

function urlOf(host: string, port: number): string {
  if (EVERYWHERE.has(host)) return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

class Host<S extends Specs> {
  readonly #options: HostOptions<S>;
  readonly #config: HostContext<S>['config'];
  readonly #sources: ConfigSources;
  readonly #log: Logger;
  readonly #lifecycle = new Lifecycle();
  #isReady = false;
  #exitCode: number = EXIT.ok;
  #end: () => void = () => {};
  /** performance.now(). */
  #stoppingSince: number | undefined;

  constructor(options: HostOptions<S>, config: HostContext<S>['config'], sources: ConfigSources, log: Logger) {
    this.#options = options;
    this.#config = config;
    this.#sources = sources;
    this.#log = log;
  }

  async run(): Promise<number> {
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.#armSignals();
    this.#log.info({ what: 'service_starting', node: process.version });
    await Promise.race([this.#start(), ended]);
    await ended;
    await this.#stop();
    return this.#exitCode;
  }

  async #start(): Promise<void> {
    const { jsonReady, start, describe } = this.#options;
    try {
      const ready = await start(await this.#context());
      this.#isReady = true;
      this.#log.info({ what: 'service_ready', ms: Math.round(performance.now()) });
      process.stdout.write(jsonReady ? `${JSON.stringify(ready)}\n` : describe(ready, this.#config));
    } catch (error) {
      // Policy: a signal during the start is a stop like any other; what went wrong otherwise is told, and what had started is stopped.
      if (!this.#lifecycle.isStopping) this.#fail(error);
    }
  }

  async #context(): Promise<HostContext<S>> {
    const { runtime } = this.#config;
    await requirePorts([
      ...this.#options.ports(this.#config),
      { env: 'STARLING_ADMIN_PORT', host: runtime.adminHost, port: runtime.adminPort },
    ]);
    const health = new Health();
    health.ready('system', () => this.#isReady || 'starting');
    const metrics = new MetricsRegistry();
    const shown = { metrics, service: this.#options.name, health, stopMs: runtime.stopMs };
    const showing = showProcess({ ...shown, stoppingSince: () => this.#stoppingSince });
    await this.#lifecycle.use('process metrics', showing, (end) => end());
    const { adminToken: configured, adminHost: host, adminPort: port } = runtime;
    const adminToken = configured.isEmpty
      ? new Secret(randomBytes(ADMIN_TOKEN_BYTES).toString('base64url'))
      : configured;
    const log = this.#log;
    const use: Lifecycle['use'] = (name, thing, stop, options) => this.#lifecycle.use(name, thing, stop, options);
    const opening = AdminServer.open({ host, port, token: adminToken, health, metrics, log });
    const admin = await use('admin', opening, (a) => a.close());
    const fail = (error: unknown) => this.#fail(error);
    const adminAccess = { pid: process.pid, adminUrl: urlOf(host, admin.port), token: adminToken.reveal() };
    return { config: this.#config, sources: this.#sources, use, log, metrics, health, admin, adminAccess, fail };
  }

  #fail(error: unknown): void {
    const { exitCode, message } = explain(error);
    if (message === undefined)
      this.#log.error({ what: this.#isReady ? 'process_failed' : 'service_start_failed', err: error });
    else process.stderr.write(`starling: ${message}\n`);
    this.#exitCode = Math.max(this.#exitCode, exitCode);
    this.#end();
  }

  #armSignals(): void {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(EXIT.failed);
        this.#end();
      });
    }
    // Policy: a mistake of ours leaves the process in a state that nobody planned: stop what can be stopped.
    const fail = (error: unknown) => {
      this.#log.error({ what: 'process_failed', err: error });
      this.#exitCode = Math.max(this.#exitCode, EXIT.failed);
      this.#end();
    };
    process.on('uncaughtException', fail);
    process.on('unhandledRejection', fail);
  }

  async #stop(): Promise<void> {
    const log = this.#log;
    const { stopMs } = this.#config.runtime;
    this.#isReady = false;
    this.#stoppingSince = performance.now();
    setTimeout(() => {
      log.error({ what: 'service_stop_forced', afterMs: stopMs });
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
