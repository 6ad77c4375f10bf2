// npm run test:dashboards: a real Prometheus scrapes a cluster under a small load; every panel of every dashboard has to show something.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OrphanGuard } from '@starling/local-servers';
import type { OwnWorld } from '@starling/testkit';
import { lineChart } from './dashboards/line-chart.ts';
import { panelsOfAll } from './dashboards/panels.ts';
import { misbehave, Patrons } from './dashboards/patrons.ts';
import { Prometheus, QueryError, type Range } from './dashboards/prometheus.ts';
import { judge, nameOf, type PanelVerdict, type QueryResult } from './dashboards/verdict.ts';
import { withWorld } from './own-world.ts';
import { Cliques } from './presence/people.ts';
import { sharedKeys } from './presence/scram.ts';
import { seedPeople } from './presence/seed-people.ts';
import { seeded } from './random.ts';
import { connectDb } from './stored.ts';
import { UsageError } from './usage-error.ts';

const PICTURES = fileURLToPath(new URL('../../docs/images/operate/', import.meta.url));
/** Groups of people who know one another. */
const PEOPLE = { groups: 8, contacts: 4 } as const;
const PASSWORD = 'dashboards';
const SEED = 7;
const SECONDS = 60;
const SCRAPE_MS = 1_000;
/** Of $__rate_interval: Grafana takes four scrapes at least. */
const RATE_INTERVAL = '10s';
const UP_TIMEOUT_MS = 30_000;
const POLL_MS = 250;
const MS_PER_SECOND = 1_000;
/** One edge dies at this share of the time: sessions are resumed, partitions and counters move. */
const DEATH_AT = 0.5;
const PRESENCE = 2;

/** Resolves with the exit code: 0 when no panel is empty. @throws UsageError, Error when it cannot run */
export async function dashboards(args: readonly string[]): Promise<number> {
  const { seconds, withPictures } = optionsOf(args);
  const folder = mkdtempSync(join(tmpdir(), 'starling-dashboards-'));
  const guard = await OrphanGuard.start();
  try {
    const verdicts = await withWorld({ edges: 3, presence: PRESENCE, archive: 2, restart: true, guard }, (world) =>
      observe(world, { folder, guard, seconds }),
    );
    print(verdicts);
    if (withPictures) for (const file of draw(verdicts)) console.log(`drawn: ${file}`);
    return verdicts.some(({ trouble }) => trouble !== undefined) ? 1 : 0;
  } finally {
    await guard.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function optionsOf(args: readonly string[]): { seconds: number; withPictures: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: String(SECONDS) },
      pictures: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 20 && seconds <= 3_600)) throw new UsageError('--seconds is a number from 20 to 3600');
  return { seconds, withPictures: values.pictures };
}

interface Observation {
  readonly folder: string;
  readonly guard: OrphanGuard;
  readonly seconds: number;
}

async function observe(world: OwnWorld, { folder, guard, seconds }: Observation): Promise<readonly PanelVerdict[]> {
  const keys = sharedKeys(PASSWORD);
  const people = new Cliques({ ...PEOPLE, domain: world.domain });
  const db = await connectDb(world);
  await seedPeople(db, people, keys).finally(() => db.close());
  const targets = world.ready.processes.flatMap(({ id, admin }) => (admin ? [{ instance: id, port: admin }] : []));
  const prometheus = await Prometheus.start({ targets, folder, scrapeMs: SCRAPE_MS, guard });
  try {
    await untilUp(prometheus, targets.length);
    const fromMs = Date.now();
    await load(world, people, keys, seconds);
    const range = { fromMs, toMs: Date.now(), stepMs: SCRAPE_MS };
    const verdicts: PanelVerdict[] = [];
    for (const panel of panelsOfAll(RATE_INTERVAL)) {
      const results: QueryResult[] = [];
      for (const { expr } of panel.queries) results.push(await ask(prometheus, expr, range));
      verdicts.push(judge(panel, results));
    }
    return verdicts;
  } finally {
    await prometheus.stop();
  }
}

async function untilUp(prometheus: Prometheus, count: number): Promise<void> {
  const deadline = performance.now() + UP_TIMEOUT_MS;
  for (;;) {
    const up = await prometheus.up();
    if (up.length === count) return;
    if (performance.now() > deadline) throw new Error(`of ${count} processes only ${up.join(', ')} are scraped`);
    await sleep(POLL_MS);
  }
}

async function load(
  world: OwnWorld,
  people: Cliques,
  keys: ReturnType<typeof sharedKeys>,
  seconds: number,
): Promise<void> {
  const patrons = new Patrons(world, people, keys, seeded(SEED));
  try {
    await patrons.enter();
    patrons.begin();
    await misbehave(world, people);
    await sleep(seconds * MS_PER_SECOND * DEATH_AT);
    const [victim] = world.edges;
    if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
    await misbehave(world, people).catch(() => undefined); // Policy: it may just be the dead one.
    await sleep(seconds * MS_PER_SECOND * (1 - DEATH_AT));
    console.log(`${people.count} people for ${seconds} s, an edge killed; ${patrons.resumed} sessions were resumed`);
  } finally {
    await patrons.leave();
  }
}

async function ask(prometheus: Prometheus, expr: string, range: Range): Promise<QueryResult> {
  try {
    return { series: await prometheus.query(expr, range) };
  } catch (error) {
    // Policy: one more line of the verdict, and the others are still asked.
    if (!(error instanceof QueryError)) throw error;
    return { error: error.message };
  }
}

function print(verdicts: readonly PanelVerdict[]): void {
  const rows = verdicts.map(({ panel, lines, last, most, trouble }) => ({
    dashboard: panel.dashboard,
    panel: panel.title,
    queries: panel.queries.length,
    lines,
    last: short(last),
    most: short(most),
    '': trouble ?? '',
  }));
  console.table(rows);
  const bad = verdicts.filter(({ trouble }) => trouble !== undefined);
  for (const { panel, trouble } of bad) console.log(`✖ ${panel.dashboard}: ${panel.title}: ${trouble}`);
  console.log(`${verdicts.length - bad.length} passed, ${bad.length} failed`);
}

const short = (value: number | undefined): string => (value === undefined ? '' : String(Number(value.toPrecision(3))));

/** One picture for each dashboard, of all its panels. Returns the files. */
function draw(verdicts: readonly PanelVerdict[]): readonly string[] {
  mkdirSync(PICTURES, { recursive: true });
  return [...new Set(verdicts.map(({ panel }) => panel.dashboard))].map((name) => {
    const own = verdicts.filter(({ panel }) => panel.dashboard === name);
    const panels = own.map(({ panel, results }) => ({
      title: panel.title,
      unit: panel.unit,
      lines: results.flatMap((result, i) =>
        'series' in result
          ? result.series.map((series) => ({
              name: nameOf(panel.queries[i]?.legend ?? '', series),
              points: series.points,
            }))
          : [],
      ),
    }));
    const file = join(PICTURES, `${name}.svg`);
    writeFileSync(file, lineChart({ title: `Starling: ${name}`, panels }));
    return `docs/images/operate/${name}.svg`;
  });
}
