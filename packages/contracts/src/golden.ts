import type { BareJid, Jid } from '@starling/jid';
import { COPY, decodeEnvelope, encodeEnvelope, FATE, KIND } from './envelope.ts';
import { decodeDigest, decodeSessionTable, encodeDigest, encodeSessionTable } from './notices.ts';
import { accounts, archive } from './rpc.ts';

/** One folder a release; what is in it must decode for ever, so that two releases can run side by side. */
export const GOLDEN_FOLDER = new URL('../golden/', import.meta.url);

interface Sample {
  readonly value: unknown;
  readonly encode: () => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

function sample<T>(value: T, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T): Sample {
  return { value, encode: () => encode(value), decode };
}

const bob = 'bob@example.com' as BareJid;
const at = { epoch: 3, sequence: 281_474_976_710_655 };
const keys = {
  mechanism: 'SCRAM-SHA-256',
  salt: Buffer.from('salt'),
  iterations: 4096,
  storedKey: Buffer.from('stored'),
  serverKey: Buffer.from('server'),
};

/** One sample of everything that crosses a process border, every field set to something else than its default. */
export const GOLDEN: Readonly<Record<string, Sample>> = {
  envelope: sample(
    {
      version: 1,
      id: 'aWQ',
      owner: bob,
      from: '张三@例子.中国/手机' as Jid,
      to: bob as Jid,
      kind: KIND.message,
      type: 'chat',
      fate: FATE.archived,
      copy: COPY.self,
      hints: 5,
      origin: 'edge-1/s1',
      sentAtMs: 1_800_000_000_123,
      after: 42,
      stanza: Buffer.from("<message to='bob@example.com'><body>你好</body></message>", 'utf8'),
    },
    ({ version: _written, ...envelope }) => encodeEnvelope(envelope),
    decodeEnvelope as never,
  ),
  'session-table': sample(
    {
      user: bob,
      edge: 'edge-1',
      version: 7,
      rows: [{ resource: 'phone', session: 's1', state: 1, priority: -5, boundAt: 1_800_000_000_000 }],
      ask: true,
    },
    encodeSessionTable,
    decodeSessionTable as never,
  ),
  digest: sample(
    { stream: 7, counter: 9, epoch: 3, last: [{ user: bob, position: at }], publisher: 'archive-1' },
    encodeDigest,
    decodeDigest,
  ),
  'gap-request': sample(
    { user: bob, after: at, upTo: at, limit: 500 },
    archive.gap(0).encodeRequest,
    archive.gap(0).decodeRequest as never,
  ),
  'gap-reply': sample(
    { entries: [{ position: at, committedAtMs: 1_800_000_000_001, envelope: Buffer.from('bytes') }], complete: true },
    archive.gap(0).encodeReply,
    archive.gap(0).decodeReply,
  ),
  'last-request': sample(
    { known: [{ user: bob, position: at }] },
    archive.last(0).encodeRequest,
    archive.last(0).decodeRequest,
  ),
  'last-reply': sample(
    { epoch: 3, last: [{ user: bob, position: at }] },
    archive.last(0).encodeReply,
    archive.last(0).decodeReply,
  ),
  'keys-reply': sample({ exists: true, keys: [keys] }, accounts.keys.encodeReply, accounts.keys.decodeReply),
  'create-account': sample({ user: bob, keys: [keys] }, accounts.create.encodeRequest, accounts.create.decodeRequest),
  'list-reply': sample({ users: [bob], complete: true }, accounts.list.encodeReply, accounts.list.decodeReply),
};
