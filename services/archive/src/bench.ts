// Bytes that a message takes in the database and in the log: `node services/archive/dist/bench.js` after a build. What edges append goes
// through a real stream and the archive service itself; `npm run bench:peers` measures the CPU.
import { COPY, encodeEnvelope, entryId, FATE, HINT, KIND, streamName } from '@starling/contracts';
import type { BareJid, Jid } from '@starling/jid';
import { create, until } from './testing/entries.ts';
import { ClusterWorld, STREAMS, startServers } from './testing/world.ts';

/** Characters of a body, and messages of that kind. */
const LOADS = [
  { bodyChars: 50, messages: 50_000 },
  { bodyChars: 200, messages: 50_000 },
  { bodyChars: 1_000, messages: 25_000 },
] as const;
const USERS = 1_000;
const AT_ONCE = 200;
const WRITTEN_TIMEOUT_MS = 300_000;

const userAt = (n: number) => `user${n % USERS}@example.com` as BareJid;

/** A letter of its own for each: bytes that do not shrink when they are packed. */
const bodyOf = (chars: number) =>
  Array.from({ length: chars }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('');

interface Sizes {
  readonly rows: bigint;
  readonly heap: bigint;
  readonly indexes: bigint;
}

async function fill(world: ClusterWorld, bodyChars: number, messages: number): Promise<void> {
  for (let n = 0; n < USERS; n++) await create(world.log, userAt(n));
  let next = 0;
  const write = async () => {
    for (let n = next++; n < messages; n = next++) await writeMessage(world, n, bodyOf(bodyChars));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  const isWritten = async () => (await sizesOf(world)).rows === BigInt(2 * messages);
  await until('all is written', isWritten, WRITTEN_TIMEOUT_MS);
}

/** As a client writes it, and as the edges append it: once for each side. */
async function writeMessage(world: ClusterWorld, n: number, body: string): Promise<void> {
  const [sender, recipient] = [userAt(n), userAt(n * 7 + 1)];
  const id = crypto.randomUUID();
  const from = `${sender}/Conversations.ab12` as Jid;
  const origin = `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/>`;
  const wishes = `<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>`;
  const children = `<body>${body}</body>${origin}${wishes}`;
  const stanza = Buffer.from(`<message from="${from}" to="${recipient}" type="chat" id="${id}">${children}</message>`);
  const payload = Buffer.from(children);
  for (const [owner, copy] of [[recipient, COPY.received] as const, [sender, COPY.sent] as const]) {
    const envelope = {
      ...{ id: entryId({ sender, owner, key: id, payload }), owner, from, to: recipient as Jid, kind: KIND.message },
      ...{ type: 'chat', fate: FATE.archived, copy, hints: HINT.body, origin: 'edge-3f9a1c/12345', stanza },
      ...{ sentAtMs: Date.now(), after: 0 },
    };
    await world.log.append(owner, envelope.id, encodeEnvelope(envelope));
  }
}

async function sizesOf(world: ClusterWorld): Promise<Sizes> {
  const [sizes] = await world.openDb().query<Sizes & Record<string, unknown>>(
    `select (select count(*) from archive) as rows, sum(pg_table_size(relid))::bigint as heap,
        sum(pg_indexes_size(relid))::bigint as indexes
      from pg_partition_tree('archive') where isleaf`,
  );
  if (sizes === undefined) throw new Error('a select without a row');
  return sizes;
}

/** Of all streams, as the server tells them. */
async function logOf(world: ClusterWorld): Promise<{ entries: number; bytes: number }> {
  let [entries, bytes] = [0, 0];
  for (let s = 0; s < STREAMS; s++) {
    const answer = await world.bus.request(`$JS.API.STREAM.INFO.${streamName(s)}`, new Uint8Array(0), 5_000);
    const { state } = JSON.parse(Buffer.from(answer).toString()) as { state: { messages: number; bytes: number } };
    entries += state.messages;
    bytes += state.bytes;
  }
  return { entries, bytes };
}

async function measure({ bodyChars, messages }: (typeof LOADS)[number], world: ClusterWorld): Promise<void> {
  const archive = await world.start({ env: { STARLING_LOG_KEEP: '1h' } });
  try {
    await fill(world, bodyChars, messages);
    await world.openDb().query('vacuum analyze archive');
    const { rows, heap, indexes } = await sizesOf(world);
    const { entries, bytes } = await logOf(world);
    const each = (sum: bigint) => Math.round(Number(sum) / Number(rows));
    const [row, index, entry] = [each(heap), each(indexes), Math.round(bytes / entries)];
    const figures = { rows: Number(rows), row, index, together: row + index, message: 2 * (row + index), entry };
    console.log(`body of ${bodyChars}: ${JSON.stringify(figures)}`);
  } finally {
    await archive.stop();
  }
}

const servers = await startServers();
try {
  for (const load of LOADS) {
    const world = await ClusterWorld.open(servers);
    try {
      const [version] = await world.openDb().query<{ server_version: string }>('show server_version');
      console.log(`PostgreSQL ${version?.server_version}, bytes on average:`);
      await measure(load, world);
    } finally {
      await world.close();
    }
  }
} finally {
  await servers.stop();
}
