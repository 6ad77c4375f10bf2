// npm run bench:mam: how long a client waits for a page of its archive (XEP-0313) when the table has millions of rows.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { COPY, encodeEnvelope, FATE, KIND } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import type { Jid } from '@starling/jid';
import { Postgres } from '@starling/local-servers';
import { loadConfig } from '@starling/runtime';
import { el, Stanza } from '@starling/stanza';
import type { Client } from '@starling/testkit';
import type { Element } from '@starling/xml';
import { currentCommit, keepFile } from './bench/results.ts';
import { withWorld } from './own-world.ts';
import { type Random, seeded } from './random.ts';
import { openWriter, register } from './smoke-history/people.ts';
import { postgresVersion } from './stored.ts';
import { UsageError } from './usage-error.ts';

const OWNER = 'alice';
/** Of all rows, the owner's who asks. */
const OWN_SHARE = 0.1;
const OTHERS_ROWS = 10_000;
const PEERS = 200;
const MONTHS = 12;
const MONTH_MS = 30 * 24 * 3_600_000;
const BODY_CHARACTERS = 200;
const ROWS_A_STATEMENT = 250_000;
const PAGE_MAX = 50;
const SEED = 1;
const NS = {
  client: 'jabber:client',
  mam: 'urn:xmpp:mam:2',
  rsm: 'http://jabber.org/protocol/rsm',
  data: 'jabber:x:data',
} as const;

interface Options {
  readonly rows: number;
  readonly pages: number;
  readonly isKept: boolean;
}

/** Milliseconds, sorted. */
type Latencies = readonly number[];

/** Resolves with the exit code. @throws UsageError, Error when a page is refused */
export async function benchMam(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  // Reading is measured: the generated rows need not survive anything.
  const postgres = await Postgres.start({ fsync: false });
  const settings = { STARLING_DATABASE_URL: postgres.url() };
  try {
    return await withWorld({ edges: 1, settings }, async (world) => {
      await register(world, OWNER);
      const db = await openDb(
        loadConfig(
          { db: dbConfig },
          { env: { ...settings, STARLING_DATABASE_POOL: '1', STARLING_DATABASE_STATEMENT_TIMEOUT: '10m' }, args: [] },
        ).db,
      );
      try {
        await fill(db, `${OWNER}@${world.domain}`, options.rows);
        const client = await openWriter(world.endpoint('tcp'), world.domain, OWNER);
        const report = reportOf(options, await postgresVersion(db), await sizeOf(db), await measure(client, options));
        await client.close();
        console.log(report);
        const name = `${new Date().toISOString().slice(0, 10)}-${currentCommit()}-mam.md`;
        if (options.isKept) console.log(`kept in ${keepFile(name, report)}`);
        return 0;
      } finally {
        await db.close();
      }
    });
  } finally {
    await postgres.stop();
  }
}

/** Spread over the last year, and over many owners; the one who asks has a tenth of them, with many others. */
async function fill(db: Db, owner: string, rows: number): Promise<void> {
  const toMs = Date.now() - 3_600_000;
  const fromMs = toMs - MONTHS * MONTH_MS;
  await makePartitions(db, fromMs, toMs);
  const own = Math.floor(rows * OWN_SHARE);
  const others = Math.ceil((rows - own) / OTHERS_ROWS);
  await db.query('update archive_owner set created = 0 where owner = $1', [owner]);
  const insert = async (who: string, count: number, owners: number) => {
    for (let at = 0; at < count; at += ROWS_A_STATEMENT) {
      await db.query(
        `insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope, peer)
          select $1 || case when $2::int = 0 then '' else (i % $2::int)::text end, i,
            $3::bigint + ($4::bigint - $3::bigint) * i / $5::bigint, md5(i::text || $1), 2, i % 2, $6::bytea,
            'peer-' || (i * 7919 % ${PEERS}) || '@example.com'
          from generate_series($7::bigint, $8::bigint) as i`,
        [who, owners, fromMs, toMs, count, envelopeOf(who), at + 1, Math.min(count, at + ROWS_A_STATEMENT)],
      );
      console.log(`${who}: ${Math.min(count, at + ROWS_A_STATEMENT)} rows`);
    }
  };
  await insert(owner, own, 0);
  await insert('other-', rows - own, others);
  await db.query('analyze archive');
}

async function makePartitions(db: Db, fromMs: number, toMs: number): Promise<void> {
  for (let lowerMs = Math.floor(fromMs / MONTH_MS) * MONTH_MS; lowerMs <= toMs; lowerMs += MONTH_MS) {
    const [there] = await db.query('select 1 from archive_partition where lower_ms <= $1 and upper_ms > $1', [lowerMs]);
    if (there !== undefined) continue;
    const name = `archive_${lowerMs}`;
    const upperMs = lowerMs + MONTH_MS;
    await db.query(`create table ${name} partition of archive for values from (${lowerMs}) to (${upperMs})`);
    await db.query('insert into archive_partition (lower_ms, upper_ms, name) values ($1, $2, $3)', [
      lowerMs,
      upperMs,
      name,
    ]);
  }
}

function envelopeOf(owner: string): Uint8Array {
  const [from, to] = ['peer-1@example.com/phone' as Jid, owner as Jid];
  const body = 'x'.repeat(BODY_CHARACTERS);
  const stanza = Stanza.build(
    'message',
    { to, from, id: 'm1', type: 'chat' },
    el('body', NS.client, {}, body),
  ).encode();
  return encodeEnvelope({
    ...{ id: 'generated', owner: owner as never, from, to, kind: KIND.message, type: 'chat', fate: FATE.archived },
    ...{ copy: COPY.received, hints: 0, origin: 'edge-1/s', sentAtMs: Date.now(), after: 0 },
    stanza,
  });
}

async function measure(client: Client, { pages, rows }: Options): Promise<ReadonlyMap<string, Latencies>> {
  const random = seeded(SEED);
  const dateTime = (share: number) => new Date(Date.now() - 3_600_000 - share * MONTHS * MONTH_MS).toISOString();
  const known = await idsOf(client, Math.min(pages, 200), random, dateTime);
  const after = () => `<after>${known[Math.floor(random() * known.length)]}</after>`;
  const peer = () => form(['with', `peer-${Math.floor(random() * PEERS)}@example.com`]);
  const kinds: readonly (readonly [string, () => string])[] = [
    ['the newest', () => set('<before/>')],
    ['behind a message somewhere', () => set(after())],
    ['before a message somewhere', () => set(after().replaceAll('after>', 'before>'))],
    ['the newest with one of 200', () => peer() + set('<before/>')],
    ['the oldest with one of 200', () => peer() + set('')],
    ['from a time on', () => form(['start', dateTime(random())]) + set('')],
    ['the newest before a time', () => form(['end', dateTime(random())]) + set('<before/>')],
    ['how many there are (at most counted)', () => `<set xmlns='${NS.rsm}'><max>0</max></set>`],
  ];
  const results = new Map<string, Latencies>();
  for (const [name, query] of kinds) {
    const latencies: number[] = [];
    for (let n = 0; n < pages; n++) latencies.push((await page(client, query())).ms);
    results.set(
      name,
      latencies.sort((a, b) => a - b),
    );
    console.log(`${name}: ${latencies[Math.floor(pages / 2)]?.toFixed(1)} ms of ${rows} rows`);
  }
  return results;
}

/** Of messages all over the archive. */
async function idsOf(client: Client, count: number, random: Random, dateTime: (share: number) => string) {
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await page(client, form(['start', dateTime(random())]) + set(''))).ids);
  return ids;
}

/** @throws Error when it is refused */
async function page(client: Client, query: string): Promise<{ ms: number; ids: readonly string[] }> {
  const startedMs = performance.now();
  const answer = await client.iq('set', '', `<query xmlns='${NS.mam}'>${query}</query>`);
  const ms = performance.now() - startedMs;
  if (answer.attrs.type !== 'result') throw new Error(`refused: ${query}`);
  // The results came before.
  const { length } = client.unread.filter((element) => element.name === 'message');
  const messages = length === 0 ? [] : await client.messages(length);
  return { ms, ids: messages.flatMap(resultIdOf) };
}

const resultIdOf = ({ children }: Element): string[] =>
  children.flatMap((child) => (typeof child === 'object' && child.ns === NS.mam ? [child.attrs.id ?? ''] : []));

const set = (more: string) => `<set xmlns='${NS.rsm}'><max>${PAGE_MAX}</max>${more}</set>`;
const form = ([name, value]: readonly [string, string]) =>
  `<x xmlns='${NS.data}' type='submit'><field var='FORM_TYPE' type='hidden'><value>${NS.mam}</value></field><field var='${name}'><value>${value}</value></field></x>`;

async function sizeOf(db: Db): Promise<{ rows: number; bytes: number }> {
  const [row] = await db.query<{ rows: bigint; bytes: bigint }>(
    `select (select count(*) from archive) as rows,
      (select sum(pg_total_relation_size(name::regclass)) from archive_partition)::bigint as bytes`,
  );
  return { rows: Number(row?.rows ?? 0), bytes: Number(row?.bytes ?? 0) };
}

function reportOf(
  { pages }: Options,
  postgres: string,
  { rows, bytes }: { rows: number; bytes: number },
  results: ReadonlyMap<string, Latencies>,
): string {
  const [{ model = '' } = {}] = cpus();
  const at = (latencies: Latencies, share: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0).toFixed(1);
  return [
    `# Pages of an archive of ${rows} rows: ${currentCommit()}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${cpus().length} × ${model}, Node ${process.version}, PostgreSQL ${postgres}; ${Math.round(bytes / rows)} bytes a row with its indexes, over ${MONTHS + 1} partitions of 30 days. One client over TCP with TLS, one page of ${PAGE_MAX} messages after another; the account that asks has ${Math.round(OWN_SHARE * 100)} % of the rows. ${pages} pages of each kind; ms from the request to the answer behind its results.`,
    '',
    '| page | p50, ms | p99, ms |',
    '| --- | --- | --- |',
    ...[...results].map(([name, ms]) => `| ${name} | ${at(ms, 0.5)} | ${at(ms, 0.99)} |`),
    '',
  ].join('\n');
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '10000000' },
      pages: { type: 'string', default: '200' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = { rows: Number(values.rows), pages: Number(values.pages), isKept: !values['no-keep'] };
  if (!(options.rows >= 1_000 && options.rows <= 1e9)) throw new UsageError('--rows is a number from 1000 to 10^9');
  if (!(options.pages >= 1 && options.pages <= 100_000)) throw new UsageError('--pages is a number from 1 to 100000');
  return options;
}
