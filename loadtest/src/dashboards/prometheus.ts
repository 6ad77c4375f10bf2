import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child, freePorts, type OrphanGuard } from '@starling/local-servers';

const RULES = fileURLToPath(new URL('../../../infra/prometheus/rules/', import.meta.url));
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 100;
const MS_PER_SECOND = 1_000;

/** What is scraped: a process and its administration port. */
export interface Target {
  readonly instance: string;
  readonly port: number;
}

/** One line of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Prometheus refused a query. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** A Prometheus of our own, with the rules of infra/prometheus, in a folder of its own. */
export class Prometheus {
  readonly #child: Child;
  readonly #url: string;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** @throws Error when it is not installed, or does not get ready */
  static async start(options: {
    targets: readonly Target[];
    folder: string;
    scrapeMs: number;
    guard: OrphanGuard;
  }): Promise<Prometheus> {
    const { folder, guard } = options;
    const command = FOLDERS.map((path) => join(path, 'prometheus')).find(isExecutable);
    if (command === undefined) throw new Error('please install: prometheus (the name of Debian’s package)');
    const [port = 0] = await freePorts(1);
    const configFile = join(folder, 'prometheus.yml');
    writeFileSync(configFile, configOf(options));
    const child = await Child.start({
      name: 'prometheus',
      command,
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      logFile: join(folder, 'prometheus.log'),
      guard,
    });
    const prometheus = new Prometheus(child, `http://127.0.0.1:${port}`);
    try {
      await prometheus.#ready();
      return prometheus;
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#child.stop(STOP_TIMEOUT_MS);
  }

  /** Names of the targets that were scraped at the last time. */
  async up(): Promise<readonly string[]> {
    const now = Date.now();
    const series = await this.query('up == 1', { fromMs: now, toMs: now, stepMs: MS_PER_SECOND });
    return series.map(({ labels }) => labels.instance ?? '');
  }

  /** @throws QueryError */
  async query(expr: string, { fromMs, toMs, stepMs }: Range): Promise<readonly Series[]> {
    const parameters = new URLSearchParams({
      query: expr,
      start: String(fromMs / MS_PER_SECOND),
      end: String(toMs / MS_PER_SECOND),
      step: String(stepMs / MS_PER_SECOND),
    });
    const response = await fetch(`${this.#url}/api/v1/query_range`, { method: 'POST', body: parameters });
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') throw new QueryError(answer.error ?? `HTTP ${response.status}`);
    return (answer.data?.result ?? []).map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, value]) => ({ atMs: at * MS_PER_SECOND, value: Number(value) })),
    }));
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      try {
        if ((await fetch(`${this.#url}/-/ready`)).ok) return;
      } catch {
        // Policy: it does not listen yet.
      }
      if (!this.#child.isRunning || performance.now() > deadline)
        throw new Error(`prometheus does not get ready\n${this.#child.logTail()}`);
      await sleep(POLL_MS);
    }
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

/** JSON is YAML. */
const configOf = ({ targets, scrapeMs }: { targets: readonly Target[]; scrapeMs: number }): string =>
  JSON.stringify({
    global: { scrape_interval: `${scrapeMs}ms`, scrape_timeout: `${scrapeMs}ms`, evaluation_interval: `${scrapeMs}ms` },
    rule_files: [join(RULES, '*.yaml')],
    scrape_configs: [
      {
        job_name: 'starling',
        static_configs: targets.map(({ instance, port }) => ({
          targets: [`127.0.0.1:${port}`],
          labels: { instance, namespace: 'starling' },
        })),
      },
    ],
  });

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Policy: not there, or not ours to run: the next folder.
    return false;
  }
}
