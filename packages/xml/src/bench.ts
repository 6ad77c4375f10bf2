// Stanzas a second of CPU time of the scanner against saxes, on what clients send: `node dist/bench.js [seconds for each]`.
import { StringDecoder } from 'node:string_decoder';
import { SaxesParser } from 'saxes';
import { DEFAULT_LIMITS } from './limits.ts';
import { innerChildren, parseChild, parseElement } from './parse.ts';
import type { Scanned } from './scanned.ts';
import { Scanner } from './scanner.ts';

const HEADER =
  "<?xml version='1.0'?><stream:stream to='example.com' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

const STANZAS = {
  short: (n: number) =>
    `<message to='juliet@example.com' id='m${n}' type='chat'><body>Wherefore art thou, Romeo?</body></message>`,
  rich: (n: number) =>
    `<message to='juliet@example.com/balcony' id='7c3a1f${n}' type='chat'><body>Wherefore art thou, Romeo? &lt;3</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='7c3a1f${n}'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`,
  chinese: (n: number) =>
    `<message to='小红@example.com' id='m${n}' type='chat'><body>罗密欧啊,罗密欧!为什么你偏偏是罗密欧呢?否认你的父亲,抛弃你的姓名吧。</body></message>`,
  presence: (n: number) =>
    `<presence id='p${n}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.com' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`,
};

const CHUNK_BYTES = 65_536;
const STREAM_BYTES = 4_000_000;

const secondsEach = Number(process.argv[2] ?? 1);

/** Runs `round` until the time is over; returns rounds a second of CPU time, in the best tenth of a second. */
function measure(round: () => number): number {
  const until = performance.now() + secondsEach * 1000;
  let best = 0;
  do {
    const started = process.cpuUsage();
    let done = 0;
    let spentUs = 0;
    do {
      done += round();
      const { user, system } = process.cpuUsage(started);
      spentUs = user + system;
    } while (spentUs < 100_000);
    best = Math.max(best, (done * 1e6) / spentUs);
  } while (performance.now() < until);
  return best;
}

function chunksOf(
  stanza: (n: number) => string,
  chunkBytes: number,
): { chunks: Buffer[]; count: number; bytes: number } {
  let text = HEADER;
  let count = 0;
  while (text.length < STREAM_BYTES) text += stanza(count++);
  const bytes = Buffer.from(`${text}</stream:stream>`);
  const chunks: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  return { chunks, count, bytes: bytes.length };
}

function scanAll(chunks: readonly Buffer[], each: (element: Scanned) => void): void {
  const scanner = new Scanner('stream', DEFAULT_LIMITS, { onStreamOpen() {}, onElement: each, onStreamClose() {} });
  for (const chunk of chunks) scanner.write(chunk);
}

/** What saxes needs to give a server as much: the trees of the stanzas. */
function readWithSaxes(chunks: readonly Buffer[], wantsTree: boolean, count: number): number {
  const parser = new SaxesParser({ xmlns: true });
  const decoder = new StringDecoder('utf8');
  const open: { children: unknown[] }[] = [{ children: [] }];
  parser.on('opentag', (tag) => {
    sink++;
    if (!wantsTree) return;
    const attrs: Record<string, string> = {};
    for (const key in tag.attributes) attrs[key] = (tag.attributes[key] as { value: string }).value;
    const element = { name: tag.local, ns: tag.uri, attrs, children: [] };
    if (open.length > 2) open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    if (wantsTree) open.pop();
  });
  parser.on('text', (text) => {
    sink += text.length;
    if (wantsTree) open.at(-1)?.children.push(text);
  });
  for (const chunk of chunks) parser.write(decoder.write(chunk));
  return count;
}

let sink = 0;
const rows: Record<string, Record<string, string>> = {};
for (const [name, stanza] of Object.entries(STANZAS)) {
  const { chunks, count, bytes } = chunksOf(stanza, CHUNK_BYTES);
  const small = chunksOf(stanza, 1400).chunks;
  const row: Record<string, string> = { bytes: String(Math.round(bytes / count)) };
  const note = (what: string, each: (element: Scanned) => void, from = chunks) => {
    const perSecond = measure(() => {
      scanAll(from, each);
      return count;
    });
    row[what] = `${Math.round(perSecond / 1000)}k`;
  };
  note('scan', (e) => {
    sink += e.children.length;
  });
  note(
    'scan, 1400 B',
    (e) => {
      sink += e.children.length;
    },
    small,
  );
  note('+ inner', (e) => {
    sink += innerChildren(e).children.length;
  });
  note('+ children as trees', (e) => {
    for (const child of e.children) sink += parseChild(e, child).children.length;
  });
  const one = Buffer.from(stanza(1));
  row.parseElement = `${Math.round(
    measure(() => {
      for (let k = 0; k < 1000; k++) sink += parseElement(one, { '': 'jabber:client' }).children.length;
      return 1000;
    }) / 1000,
  )}k`;
  row['saxes, no tree'] = `${Math.round(measure(() => readWithSaxes(chunks, false, count)) / 1000)}k`;
  row['saxes, tree'] = `${Math.round(measure(() => readWithSaxes(chunks, true, count)) / 1000)}k`;
  rows[name] = row;
}
console.table(rows);
if (sink === 0) console.log('nothing was read');
