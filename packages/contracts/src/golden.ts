import type { BareJid, Jid } from '@starling/jid';
import { ACCOUNT_STATE, decodeAccountCopy, encodeAccountCopy } from './account-copy.ts';
import { blocks, decodeBlockList, encodeBlockList } from './blocks.ts';
import { bulk } from './bulk.ts';
import { COPY, decodeEnvelope, encodeEnvelope, FATE, KIND } from './envelope.ts';
import { decodeFastTokens, encodeFastTokens, fast } from './fast.ts';
import { decodeDigest, decodeSessionTable, encodeDigest, encodeSessionTable, SESSION_STATE } from './notices.ts';
import { offline } from './offline.ts';
import { decodeProcessReport, encodeProcessReport, operations } from './operations.ts';
import { decodeHeartbeat, decodeMembership, encodeHeartbeat, encodeMembership } from './owners.ts';
import { personal } from './personal.ts';
import { ARCHIVE_DEFAULT, decodeArchivePreferences, encodeArchivePreferences, preferences } from './preferences.ts';
import { decodeEdgeBatch, decodeNodeBatch, encodeEdgeBatch, encodeNodeBatch, presence } from './presence.ts';
import { retention } from './retention.ts';
import {
  decodeRosterChange,
  decodeRosterNotice,
  encodeRosterChange,
  encodeRosterNotice,
  rosters,
  SUBSCRIPTION,
} from './roster.ts';
import { accounts, archive } from './rpc.ts';
import {
  decodeSessionRecord,
  decodeSessionView,
  encodeSessionRecord,
  encodeSessionView,
  RECORD_STATE,
} from './session-record.ts';

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

/** Samples of the first release that wrote them; what a later one added to a message stands in a sample of its own. */
const SINCE_0_1_0: Readonly<Record<string, Sample>> = {
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
    encodeSessionTable as never,
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

const stamp = 1_800_000_000_321;
const version = { lineage: 'Zm9v', number: 12 };
const item = {
  jid: 'nurse@example.com',
  name: '奶妈',
  groups: ['家'],
  subscription: SUBSCRIPTION.both,
  ask: true,
  approved: true,
  removed: true,
};
const session = {
  user: bob,
  resource: 'phone',
  session: 's1',
  state: SESSION_STATE.available,
  priority: -5,
  boundAt: 1_800_000_000_000,
  stamp,
  presence: Buffer.from(" from='bob@example.com/phone'/>"),
  ended: true,
  directed: ['nurse@example.com/home'],
  carbons: true,
  windowMs: 240_000,
  epoch: 2,
};
const emission = {
  from: 'bob@example.com/phone',
  stamp,
  unavailable: true,
  presence: session.presence,
  to: ['nurse@example.com'],
  toSeen: true,
  always: true,
};
const head = { incarnation: 'aB3', epoch: 4, sequence: 99 };
const table = {
  user: bob,
  version: 7,
  rows: [
    {
      resource: 'phone',
      session: 's1',
      state: 1,
      priority: -5,
      boundAt: 1_800_000_000_000,
      edge: 'edge-1',
      carbons: true,
      epoch: 2,
    },
  ],
  epoch: 5,
} as const;

const fastToken = {
  id: Buffer.from('id'),
  mechanism: 'HT-SHA-256-EXPR',
  issuedAtMs: 1_800_000_000_000,
  expiresAtMs: 1_801_000_000_000,
  count: 7,
};
const SINCE_0_2_0: Readonly<Record<string, Sample>> = {
  'user-table': sample(table, encodeSessionTable, decodeSessionTable as never),
  'node-batch': sample(
    {
      sender: 'edge-1',
      ...head,
      events: [session],
      states: [
        {
          partition: 255,
          first: true,
          last: true,
          sessions: [session],
          missed: true,
        },
      ],
      digests: [{ partition: 255, sessions: 3, hash: 4_294_967_295 }],
      emissions: [emission],
      probes: [{ prober: 'a@b/c', edge: 'edge-1', targets: [bob], asked: true, id: 'p1', shown: true }],
      seen: [{ from: 'a@b/c', stamp }],
    },
    encodeNodeBatch,
    decodeNodeBatch as never,
  ),
  'edge-batch': sample(
    {
      node: 'presence-1',
      ...head,
      emissions: [emission],
      requests: [{ to: 'bob@example.com/phone', stanza: Buffer.from("<presence type='subscribe'/>") }],
      wanted: [255],
      missed: true,
    },
    encodeEdgeBatch,
    decodeEdgeBatch as never,
  ),
  'session-record': sample(
    {
      ...{ user: bob, resource: 'phone', session: 's1', origin: 'edge-1/s1', lang: 'zh', edge: 'edge-2' },
      ...{ incarnation: 'aB3', epoch: 2, recordState: RECORD_STATE.expired, writtenAt: stamp, detachedAt: stamp },
      ...{ windowMs: 240_000, handled: 4_294_967_296, base: 7, acked: 4_294_967_295, boundAt: stamp },
      queue: [
        { position: at, stanza: undefined, answers: '' },
        { position: undefined, stanza: Buffer.from('<iq/>'), answers: 'r1' },
        { position: undefined, stanza: undefined, answers: '' },
      ],
      ...{ position: at, state: SESSION_STATE.available, priority: -5, stamp, presence: session.presence },
      ...{ directed: ['nurse@example.com'], kept: { carbons: '1' }, openRequests: ['r1'] },
      covering: { since: at, served: true },
      whole: true,
    },
    encodeSessionRecord,
    decodeSessionRecord as never,
  ),
  'session-view': sample(
    { shown: [{ from: 'a@b/c', stamp }], unsure: true },
    encodeSessionView,
    decodeSessionView as never,
  ),
  'bind-reply': sample(
    { boundAt: 1_800_000_000_000, table },
    presence.bind('presence-1').encodeReply,
    presence.bind('presence-1').decodeReply as never,
  ),
  'roster-reply': sample(
    { version, difference: true, items: [item], numbers: [12] },
    rosters.get.encodeReply,
    rosters.get.decodeReply,
  ),
  'roster-set': sample({ user: bob, item }, rosters.set.encodeRequest, rosters.set.decodeRequest),
  'subscribe-request': sample(
    { user: bob, contact: 'nurse@example.com', type: 'subscribe', stanza: Buffer.from("<presence type='subscribe'/>") },
    rosters.subscribe.encodeRequest,
    rosters.subscribe.decodeRequest,
  ),
  'contacts-reply': sample(
    {
      users: [
        {
          exists: true,
          version,
          contacts: [{ jid: 'nurse@example.com', subscription: SUBSCRIPTION.from }],
          requests: 2,
          blocked: ['tybalt@example.com'],
        },
      ],
    },
    rosters.contacts.encodeReply,
    rosters.contacts.decodeReply,
  ),
  'roster-change': sample(
    {
      version,
      item,
      contact: 'nurse@example.com',
      type: 'subscribed',
      stanza: Buffer.from("<presence type='subscribed'/>"),
    },
    encodeRosterChange,
    decodeRosterChange as never,
  ),
  'roster-notice': sample(
    {
      user: bob,
      version,
      contact: 'nurse@example.com',
      subscription: SUBSCRIPTION.to,
      requested: true,
      blocks: true,
      deleted: true,
    },
    encodeRosterNotice,
    decodeRosterNotice,
  ),
  membership: sample(
    { epoch: 7, members: [{ id: 'presence-1', incarnation: 'bXk', joinedEpoch: 5 }] },
    encodeMembership,
    decodeMembership,
  ),
  heartbeat: sample(
    { id: 'presence-1', incarnation: 'bXk', epoch: 7, sentAtMs: 123_456_789 },
    encodeHeartbeat,
    decodeHeartbeat,
  ),
  'contact-request': sample(
    { user: bob, contact: 'nurse@example.com/home' },
    rosters.contact.encodeRequest,
    rosters.contact.decodeRequest,
  ),
  'contact-reply': sample(
    { exists: true, subscription: SUBSCRIPTION.both },
    rosters.contact.encodeReply,
    rosters.contact.decodeReply,
  ),
  'block-list': sample(
    { version: 9, jids: ['tybalt@example.com', '例子.中国'], cleared: true },
    encodeBlockList,
    decodeBlockList,
  ),
  'change-blocks': sample(
    { user: bob, block: ['tybalt@example.com'], unblock: ['paris@example.com'], unblockAll: true },
    blocks.change.encodeRequest,
    blocks.change.decodeRequest,
  ),
  'waiting-request': sample(
    { user: bob, session: 's1', after: at, upTo: at, sessions: ['s1', 's2'], passingOnly: true, readUpTo: at },
    offline.waiting(0).encodeRequest,
    offline.waiting(0).decodeRequest as never,
  ),
  'waiting-reply': sample(
    {
      entries: [{ position: at, committedAtMs: 1_800_000_000_001, envelope: Buffer.from('bytes') }],
      complete: true,
      reached: at,
      taken: true,
      covered: true,
    },
    offline.waiting(0).encodeReply,
    offline.waiting(0).decodeReply,
  ),
  owed: sample(
    { user: bob, resource: 'phone', after: at, others: true },
    offline.owed(0).encodeRequest,
    offline.owed(0).decodeRequest as never,
  ),
  covered: sample(
    { covered: [{ user: bob, session: 's1', after: at, upTo: at, settled: true, ended: true, archivedOnly: true }] },
    offline.covered(0).encodeRequest,
    offline.covered(0).decodeRequest as never,
  ),
  'archive-preferences': sample(
    {
      version: 9,
      fallback: ARCHIVE_DEFAULT.roster,
      always: ['nurse@example.com'],
      never: ['tybalt@example.com/street'],
      roster: ['例子.中国'],
    },
    encodeArchivePreferences,
    decodeArchivePreferences,
  ),
  'set-archive-preferences': sample(
    { user: bob, fallback: ARCHIVE_DEFAULT.never, always: ['nurse@example.com'], never: ['tybalt@example.com'] },
    preferences.set.encodeRequest,
    preferences.set.decodeRequest,
  ),
  'page-request': sample(
    {
      ...{ user: bob, after: at, before: at, startMs: 1_800_000_000_000, endMs: 1_800_000_000_001 },
      ...{ with: 'nurse@example.com', ids: [at], known: [at], limit: 50, backwards: true, count: true },
    },
    archive.page(0).encodeRequest,
    archive.page(0).decodeRequest as never,
  ),
  'page-reply': sample(
    {
      entries: [{ position: at, committedAtMs: 1_800_000_000_001, envelope: Buffer.from('bytes') }],
      ...{ complete: true, count: 7, stable: true },
    },
    archive.page(0).encodeReply,
    archive.page(0).decodeReply as never,
  ),
  retention: sample(
    { user: bob, retentionMs: 86_400_000 },
    retention.set(0).encodeRequest,
    retention.set(0).decodeRequest as never,
  ),
  'private-xml': sample(
    {
      user: bob,
      elements: [{ ns: 'exodus:prefs', name: 'exodus', xml: Buffer.from("<exodus xmlns='exodus:prefs'/>") }],
    },
    personal.setPrivateXml.encodeRequest,
    personal.setPrivateXml.decodeRequest,
  ),
  'private-xml-get': sample(
    { user: bob, ns: 'exodus:prefs', name: 'exodus' },
    personal.privateXml.encodeRequest,
    personal.privateXml.decodeRequest,
  ),
  'vcard-get': sample(
    { user: bob, asker: 'nurse@example.com/home' },
    personal.vcard.encodeRequest,
    personal.vcard.decodeRequest,
  ),
  vcard: sample(
    { user: bob, xml: Buffer.from("<vCard xmlns='vcard-temp'/>") },
    personal.setVcard.encodeRequest,
    personal.setVcard.decodeRequest,
  ),
  'last-activity': sample(
    { visible: true, atMs: 1_800_000_000_000, status: '回家' },
    personal.last.encodeReply,
    personal.last.decodeReply,
  ),
  'last-activities': sample(
    { users: [{ user: bob, atMs: 1_800_000_000_000, status: '回家' }] },
    personal.setLast.encodeRequest,
    personal.setLast.decodeRequest,
  ),
  'private-list': sample(
    { elements: [{ ns: 'exodus:prefs', name: 'exodus', xml: Buffer.from("<exodus xmlns='exodus:prefs'/>") }] },
    bulk.privateXml.encodeReply,
    bulk.privateXml.decodeReply,
  ),
  'roster-import': sample(
    {
      user: bob,
      items: [
        {
          ...{ jid: '张三@例子.中国', name: '张三', groups: ['朋友'], subscription: SUBSCRIPTION.from },
          ...{ ask: true, approved: true, removed: true },
        },
      ],
      requests: [{ contact: 'nurse@example.com', stanza: Buffer.from("<presence type='subscribe'/>") }],
    },
    bulk.importRoster.encodeRequest,
    bulk.importRoster.decodeRequest,
  ),
  'offline-import': sample(
    { user: bob, stanzas: [Buffer.from('<message/>')] },
    bulk.importOffline.encodeRequest,
    bulk.importOffline.decodeRequest,
  ),
  passing: sample({ user: bob, after: at, limit: 100 }, bulk.passing(0).encodeRequest, bulk.passing(0).decodeRequest),
  'archive-import': sample(
    { user: bob, from: 500, entries: [{ committedAtMs: 1_800_000_000_000, envelope: Buffer.from('bytes') }] },
    bulk.importArchive(0).encodeRequest,
    bulk.importArchive(0).decodeRequest,
  ),
  'archive-imported': sample({ next: 501 }, bulk.importArchive(0).encodeReply, bulk.importArchive(0).decodeReply),
  prune: sample({ user: bob, beforeMs: 1_800_000_000_000 }, bulk.prune(0).encodeRequest, bulk.prune(0).decodeRequest),
  pruned: sample({ erased: 5_000, complete: true }, bulk.prune(0).encodeReply, bulk.prune(0).decodeReply),
  'account-copy': sample(
    {
      user: bob,
      revision: 281_474_976_710_656,
      state: ACCOUNT_STATE.exists,
      writtenAtMs: 1_800_000_000_000,
      keys: [keys],
      version: { lineage: 'b2f0', number: 7 },
      pruned: 3,
      items: [
        {
          item: {
            jid: '张三@例子.中国',
            name: '张三',
            groups: ['朋友'],
            subscription: SUBSCRIPTION.both,
            ask: true,
            approved: true,
            removed: true,
          },
          changed: 7,
        },
      ],
      requests: [Buffer.from("<presence type='subscribe'/>")],
      blocksVersion: 9,
      blocked: ['tybalt@example.com'],
      preferences: {
        version: 12,
        fallback: ARCHIVE_DEFAULT.roster,
        always: ['juliet@example.com'],
        never: ['例子.中国'],
        roster: ['paris@example.com'],
      },
    },
    encodeAccountCopy,
    decodeAccountCopy,
  ),
  'fast-tokens': sample(
    {
      user: bob,
      version: 1_800_000_000_000,
      keys: Buffer.from('keys'),
      clients: [{ client: Buffer.from('client'), fresh: { ...fastToken, count: 1 }, current: fastToken }],
    },
    encodeFastTokens,
    decodeFastTokens as never,
  ),
  'fast-list': sample({ user: bob, client: Buffer.from('client') }, fast.list.encodeRequest, fast.list.decodeRequest),
  'fast-listed': sample({ tokens: [fastToken] }, fast.list.encodeReply, fast.list.decodeReply),
  'fast-use': sample(
    {
      ...{ user: bob, client: Buffer.from('client'), id: Buffer.from('id') },
      ...{ count: 7, invalidate: true, wanted: 'HT-SHA-256-NONE' },
    },
    fast.use.encodeRequest,
    fast.use.decodeRequest,
  ),
  'fast-used': sample({ issued: fastToken }, fast.use.encodeReply, fast.use.decodeReply as never),
  'fast-issue': sample(
    { user: bob, client: Buffer.from('client'), mechanism: 'HT-SHA-256-EXPR' },
    fast.issue.encodeRequest,
    fast.issue.decodeRequest,
  ),
  'fast-issued': sample({ issued: fastToken }, fast.issue.encodeReply, fast.issue.decodeReply as never),
};

const OPERATIONS_SINCE_0_2_0: Readonly<Record<string, Sample>> = {
  'process-report': sample(
    {
      ...{ id: 'edge-1', service: 'edge presence', pid: 4711, startedAtMs: 1_800_000_000_000, ready: true },
      ...{ metrics: Buffer.from('gzip'), sentAtMs: 1_800_000_000_123 },
    },
    encodeProcessReport,
    decodeProcessReport,
  ),
  'sessions-request': sample(
    { user: bob, after: 'bob@example.com/a', limit: 100 },
    operations.sessions('edge-1').encodeRequest,
    operations.sessions('edge-1').decodeRequest,
  ),
  'sessions-reply': sample(
    {
      sessions: [
        {
          ...{ jid: 'bob@example.com/手机', session: 's1', state: SESSION_STATE.detached, priority: -5 },
          ...{ boundAt: 1_800_000_000_000, carbons: true, inactive: true, resumable: true, unacked: 3 },
          detachedAt: 1_800_000_000_001,
        },
      ],
      ...{ complete: true, total: 9, users: 8, detached: 7 },
    },
    operations.sessions('edge-1').encodeReply,
    operations.sessions('edge-1').decodeReply,
  ),
  'kick-request': sample(
    { user: bob, session: 's1', text: 'of an operator' },
    operations.kick('edge-1').encodeRequest,
    operations.kick('edge-1').decodeRequest,
  ),
  'kick-reply': sample({ known: true }, operations.kick('edge-1').encodeReply, operations.kick('edge-1').decodeReply),
  'drain-reply': sample(
    { sessions: 1_000, withinMs: 7_000 },
    operations.drain('edge-1').encodeReply,
    operations.drain('edge-1').decodeReply,
  ),
};

/**
 * By the release that first wrote them: one sample of everything that crosses a process border, every field set to something
 * else than its default.
 */
export const GOLDEN: Readonly<Record<string, Readonly<Record<string, Sample>>>> = {
  '0.1.0': SINCE_0_1_0,
  '0.2.0': { ...SINCE_0_2_0, ...OPERATIONS_SINCE_0_2_0 },
};
