import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MemoryBus, MemoryLog, NoRespondersError, RequestTimeoutError, serve } from '@starling/bus';
import {
  type ArchivedEntry,
  archive,
  COPY,
  type Copy,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  FATE,
  type Fate,
  KIND,
  type Kind,
  type Position,
  queues,
  SESSION_STATE,
  type SessionRow,
  type SessionTable,
  subjects,
  wasDelivered,
} from '@starling/contracts';
import { Hooks, type Verdict, wantsCarbons } from '@starling/feature-api';
import { type BareJid, type Jid, parseJid } from '@starling/jid';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';
import { askSessions } from './ask-sessions.ts';
import { edgeConfig } from './config.ts';
import { Digests } from './digests.ts';
import type { FollowedUser } from './followed-user.ts';
import { Following } from './following.ts';
import { edgeMetrics } from './metrics.ts';
import { Outbound } from './outbound.ts';
import { StreamLives } from './stream-lives.ts';
import { nextTurn } from './testing/fake-channel.ts';
import { makeSession, type TestSession } from './testing/session.ts';

const ROMEO = 'romeo@localhost' as BareJid;

describe('from the bus to the sessions', () => {
  let bus: MemoryBus;
  let log: MemoryLog;
  let following: Following;
  let hooks: Hooks;
  /** What a feature says to everything that is about to be delivered. */
  let verdict: Verdict;
  let faults: unknown[];
  /** What the archive has looked through. */
  let logEnd: Position | undefined;
  /** What it has of the log, and the edge has not got. */
  let lost: ArchivedEntry[];

  beforeEach(() => {
    faults = [];
    bus = new MemoryBus({ onError: (error) => faults.push(error) });
    log = new MemoryLog(bus, { streams: 1, acknowledge: 'at-once' });
    const { edge: config } = loadConfig(
      { edge: edgeConfig },
      { env: { STARLING_POSITION_TIMEOUT: '500ms' }, args: [] },
    );
    const metrics = new MetricsRegistry().register(edgeMetrics);
    const digests = new Digests({ bus, streams: 1, timeoutMs: 100, log: silentLogger });
    const onTable = (user: BareJid, table: SessionTable) => following.learn(user, table);
    const onQuestion = (user: FollowedUser, replyTo: string) => following.tellSessions(user, replyTo);
    verdict = 'next';
    hooks = new Hooks(({ error }) => faults.push(error));
    hooks.on('guard', 'user:stanza', 'guard', () => verdict);
    const onDirect = () => undefined;
    const onAccountDeleted = (user: FollowedUser, at: Position) => following.accountDeleted(user, at);
    const sink = new Outbound({
      ...{
        edge: 'e1',
        domain: 'localhost',
        bus,
        onTable,
        onQuestion,
        onDirect,
        onAccountDeleted,
        tracer: undefined,
        hooks,
        metrics,
        log: silentLogger,
      },
    });
    const coverage = { changed: () => undefined, left: () => undefined, wasRead: () => undefined };
    const lives = new StreamLives({ log, epochOf: () => 1, logger: silentLogger });
    following = new Following({
      ...{
        bus,
        streams: 1,
        config,
        digests,
        lives,
        sink,
        coverage,
        displaced: () => undefined,
        metrics,
        log: silentLogger,
      },
    });
    logEnd = undefined;
    lost = [];
    const last = async () => {
      const ends = lost.slice(-1).map(({ position }) => ({ user: ROMEO, position }));
      return { epoch: 1, last: ends, upTo: logEnd ?? ends[0]?.position ?? { epoch: 1, sequence: 0 } };
    };
    const gap = async () => ({ entries: lost, complete: true });
    serve(bus, archive.gap(0), queues.archive, gap, (error) => assert.fail(String(error)));
    serve(bus, archive.last(0), queues.archive, last, (error) => assert.fail(String(error)));
  });
  afterEach(async () => {
    await log.close();
    await bus.close();
    assert.deepEqual(faults, [], 'no handler threw');
  });

  let version = 0;
  /** What the owner of Romeo's presence says, who has another session elsewhere. */
  function tell(...elsewhere: readonly SessionRow[]): void {
    const here = [...(following.sessionsOf(ROMEO)?.local.values() ?? [])].map(({ event, id }) => ({
      ...event,
      ...{ session: id, edge: 'e1' },
    }));
    following.learn(ROMEO, { user: ROMEO, epoch: 1, version: ++version, rows: [...here, ...elsewhere] });
  }
  const elsewhere = {
    resource: 'tv',
    session: 't',
    state: SESSION_STATE.connected,
    priority: 0,
    boundAt: 1,
    edge: 'e2',
    carbons: false,
    epoch: 0,
  };

  async function attached(resource: string, priority: number | 'connected' = 0): Promise<TestSession> {
    const made = makeSession({ resource, id: resource });
    await following.reserve(made.session);
    if (priority !== 'connected') {
      made.session.state = SESSION_STATE.available;
      made.session.priority = priority;
    }
    following.attach(made.session);
    tell();
    return made;
  }

  function envelope(
    text: string,
    more: { kind?: Kind; type?: string; to?: Jid; copy?: Copy; fate?: Fate; after?: number; sentAtMs?: number } = {},
  ): Envelope {
    return {
      ...{ id: '', owner: ROMEO, from: parseJid('juliet@localhost/b'), to: ROMEO, kind: KIND.message, type: 'chat' },
      ...{ fate: FATE.live, copy: COPY.received, hints: 0, origin: 'e2/x', sentAtMs: 0, after: 0 },
      stanza: Buffer.from(text),
      ...more,
    };
  }
  const live = (text: string, more: Parameters<typeof envelope>[1] = {}) =>
    bus.publish(subjects.user(ROMEO), encodeEnvelope(envelope(text, more)));
  let entries = 0;
  const append = (text: string, more: Parameters<typeof envelope>[1] = {}) =>
    log.append(ROMEO, `entry-${++entries}`, encodeEnvelope(envelope(text, more)));
  const settle = async () => {
    for (let i = 0; i < 4; i++) await nextTurn();
  };

  it('a message to the bare JID goes to all that are available and not negative', async () => {
    const sessions = {
      phone: await attached('phone', 0),
      laptop: await attached('laptop', 5),
      watch: await attached('watch', -1),
      silent: await attached('silent', 'connected'),
    };
    live('<message/>');
    await settle();
    assert.deepEqual(
      Object.entries(sessions).map(([name, { sent }]) => `${name} ${sent.length}`),
      ['phone 1', 'laptop 1', 'watch 0', 'silent 0'],
    );
  });

  it('a message to a full JID goes to that one, an own copy to nobody', async () => {
    const [phone, laptop] = [await attached('phone'), await attached('laptop', 'connected')];
    live('<message/>', { to: laptop.session.jid });
    await append('<message n="2"/>', { copy: COPY.sent, fate: FATE.archived });
    await settle();
    assert.deepEqual([phone.sent, laptop.sent], [[], ['<message/>']]);
  });

  it('features put other bytes in place, once for all sessions, and hear where it went', async () => {
    const [phone, laptop] = [await attached('phone'), await attached('laptop', 'connected')];
    const seen: unknown[] = [];
    hooks.on('rewriter', 'user:message', 'rewrite', (event) => {
      seen.push(event.position?.sequence);
      event.stanza = Buffer.concat([event.stanza, Buffer.from('<!>')]);
      return 'next';
    });
    hooks.on('copier', 'user:delivered', 'copy', ({ envelope, stanza, sessions, delivered }) => {
      seen.push([envelope.copy, String(stanza), [...sessions.keys()], delivered.map((s) => s.id)]);
      return 'next';
    });
    await append('<message n="1"/>', { fate: FATE.archived });
    live('<message n="2"/>');
    await append('<message n="of no interest"/>', { copy: COPY.sent, fate: FATE.archived });
    await settle();
    wantsCarbons.set(laptop.session, true);
    await append('<message n="3"/>', { copy: COPY.sent, fate: FATE.archived });
    await settle();
    const all = ['phone', 'laptop'];
    assert.deepEqual(seen, [
      ...[1, [COPY.received, '<message n="1"/><!>', all, ['phone']]],
      ...[undefined, [COPY.received, '<message n="2"/><!>', all, ['phone']]],
      ...[3, [COPY.sent, '<message n="3"/><!>', all, []]],
    ]);
    assert.deepEqual([phone.sent, laptop.sent], [['<message n="1"/><!>', '<message n="2"/><!>'], []]);
  });

  it('presence goes to who is available, an iq to its resource', async () => {
    const [phone, laptop] = [await attached('phone'), await attached('laptop', 'connected')];
    live('<presence/>', { kind: KIND.presence, type: '' });
    live('<iq/>', { kind: KIND.iq, to: laptop.session.jid });
    live('<iq/>', { kind: KIND.iq, to: parseJid('romeo@localhost/nowhere') });
    await settle();
    assert.deepEqual([phone.sent, laptop.sent], [['<presence/>'], ['<iq/>']]);
  });

  it('RFC 6121 §4.6 directed presence comes once, never an older one, and its end in any case', async () => {
    const { sent } = await attached('phone');
    const directed = (n: number, sentAtMs: number, type = '') =>
      live(`<presence n="${n}"/>`, { kind: KIND.presence, type, sentAtMs });
    directed(1, 10);
    directed(2, 9);
    directed(3, 11, 'unavailable');
    directed(4, 12, 'unavailable');
    live('<presence n="error"/>', { kind: KIND.presence, type: 'error', to: parseJid('romeo@localhost/phone') });
    await settle();
    assert.deepEqual(
      sent,
      [1, 3, 4, 'error'].map((n) => `<presence n="${n}"/>`),
    );
  });

  it('RFC 6121 §8.5.3 who wants to know hears from one edge whether an iq was delivered', async () => {
    const { sent } = await attached('phone');
    const ask = (resource: string) =>
      bus.request(
        subjects.user(ROMEO),
        encodeEnvelope(envelope('<iq/>', { kind: KIND.iq, to: parseJid(`romeo@localhost/${resource}`) })),
        50,
      );
    assert.equal(wasDelivered(await ask('phone')), true);
    assert.equal(wasDelivered(await ask('nowhere')), false);
    tell(elsewhere);
    await assert.rejects(ask('tv'), RequestTimeoutError, 'the edge that holds it answers');
    assert.deepEqual(sent, ['<iq/>']);
  });

  it('what a feature keeps away is not delivered; the sender of a live one hears of it, of nothing else', async () => {
    const { sent } = await attached('phone');
    const answers: string[] = [];
    bus.subscribe(subjects.user('juliet@localhost' as BareJid), ({ data }) => {
      const { type, to, stanza } = decodeEnvelope(data);
      answers.push(`${type} ${to} ${Buffer.from(stanza)}`);
    });
    verdict = new StanzaError('service-unavailable');
    live('<message id="m1"/>');
    live('<message/>', { type: 'error' });
    await append('<message n="2"/>', { fate: FATE.archived });
    live('<presence/>', { kind: KIND.presence, type: '' });
    live('<iq id="i1"/>', { kind: KIND.iq, type: 'get', to: parseJid('romeo@localhost/phone') });
    live('<iq/>', { kind: KIND.iq, type: 'result', to: parseJid('romeo@localhost/phone') });
    await settle();
    verdict = 'handled';
    live('<message/>');
    await settle();
    assert.deepEqual(sent, []);
    const error = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
    assert.deepEqual(answers, [
      `error juliet@localhost/b <message to="juliet@localhost/b" from="romeo@localhost" id="m1" type="error">${error}</message>`,
      `error juliet@localhost/b <iq to="juliet@localhost/b" from="romeo@localhost/phone" id="i1" type="error">${error}</iq>`,
    ]);
  });

  it('of several edges the one with the first session tells the sender', async () => {
    const { session } = await attached('phone');
    const answers: string[] = [];
    bus.subscribe(subjects.user('juliet@localhost' as BareJid), ({ data }) => {
      answers.push(decodeEnvelope(data).type);
    });
    verdict = new StanzaError('service-unavailable');
    session.boundAt = 5;
    for (const boundAt of [4, 6]) {
      tell({ ...elsewhere, boundAt });
      live('<message/>');
      await settle();
    }
    assert.deepEqual(answers, ['error'], 'the second time');
  });

  it('who asks for the sessions of somebody is told by whoever follows him', async () => {
    await attached('phone', 3);
    const rows = await askSessions(bus, ROMEO, 1_000);
    assert.deepEqual(
      rows.map(({ resource, state, priority }) => [resource, state, priority]),
      [['phone', SESSION_STATE.available, 3]],
    );
    assert.deepEqual(await askSessions(bus, 'juliet@localhost' as BareJid, 1_000), [], 'nobody follows her');
  });

  it('what cannot be read, or is of a kind that comes later, holds nobody up', async () => {
    const { sent } = await attached('phone');
    bus.publish(subjects.user(ROMEO), Buffer.from([0xff, 0xff]));
    await log.append(ROMEO, 'broken', Buffer.from([0xff, 0xff]));
    live('', { kind: KIND.sessionTable, ...{ stanza: Buffer.from([0xff, 0xff]) } });
    live('?', { kind: 99 as Kind });
    live('<message/>');
    await append('<message n="2"/>');
    await settle();
    assert.deepEqual(sent, ['<message/>', '<message n="2"/>']);
  });

  it('RFC 6120 §10.1 a live stanza waits for the entry that it was sent behind', async () => {
    const { sent } = await attached('phone');
    live('<message n="live 1"/>', { after: 2 });
    live('<message n="other"/>');
    live('<message n="live 2"/>', { after: 2 });
    await settle();
    assert.deepEqual(sent, ['<message n="other"/>']);
    await append('<message n="1"/>');
    await append('<message n="2"/>');
    live('<message n="live 3"/>', { after: 2 });
    await settle();
    assert.deepEqual(sent.slice(1), [
      '<message n="1"/>',
      '<message n="2"/>',
      '<message n="live 1"/>',
      '<message n="live 2"/>',
      '<message n="live 3"/>',
    ]);
  });

  it('… but not for ever, and an own copy is an entry too', async () => {
    const { sent } = await attached('phone');
    await append('<message n="1"/>', { copy: COPY.sent });
    live('<message n="live"/>', { after: 1 });
    await settle();
    assert.deepEqual(sent, ['<message n="live"/>']);
    live('<message n="late"/>', { after: 77 });
    const deadline = Date.now() + 5_000;
    while (sent.length < 2 && Date.now() < deadline) await nextTurn();
    assert.deepEqual(sent.slice(1), ['<message n="late"/>']);
  });

  it('the account is removed: its sessions end, those that are busy with their answer first', async () => {
    let answer: () => void = () => undefined;
    const busy = makeSession({ resource: 'busy', handle: () => new Promise<void>((resolve) => (answer = resolve)) });
    await following.reserve(busy.session);
    following.attach(busy.session);
    const idle = await attached('idle');
    const scanned = { bytes: new Uint8Array(1) } as Parameters<typeof busy.session.receive>[0];
    busy.session.receive(scanned);
    busy.session.receive(scanned);
    tell();
    await append('', { kind: KIND.accountDeleted });
    // Of the next account of that name, before the one that is busy is closed.
    await append('<message/>', { to: busy.session.jid });
    live('<message/>', { to: busy.session.jid });
    await settle();
    assert.deepEqual([idle.sent, busy.sent], [['!not-authorized'], []]);
    answer();
    await settle();
    assert.deepEqual(busy.sent, ['!not-authorized']);
  });

  it('the account is removed: a session that was being bound meanwhile ends, too', async () => {
    await attached('phone');
    const { session, sent } = makeSession({ resource: 'laptop' });
    await following.reserve(session);
    await append('', { kind: KIND.accountDeleted });
    await settle();
    following.attach(session);
    assert.deepEqual(sent, ['!not-authorized']);
  });

  it('a session that the owner of its presence does not know for a moment gets what is its', async () => {
    const { session, sent } = await attached('phone');
    following.learn(ROMEO, { user: ROMEO, epoch: 2, version: 1, rows: [] });
    await append('<message n="1"/>');
    await settle();
    assert.deepEqual(sent, ['<message n="1"/>']);
    following.detach(session);
  });

  it('who binds beside older sessions waits until they have had all that there was', async () => {
    const older = await attached('older');
    for (const [sequence, envelopeOf] of [
      [1, envelope('<message n="1"/>', { fate: FATE.archived })],
      [2, envelope('', { kind: KIND.accountDeleted })],
      [3, envelope('', { kind: KIND.accountCreated })],
    ] as const)
      lost.push({ position: { epoch: 1, sequence }, committedAtMs: 0, envelope: encodeEnvelope(envelopeOf) });
    logEnd = { epoch: 1, sequence: 3 };
    const newer = await attached('newer');
    assert.deepEqual([older.sent, newer.sent], [['<message n="1"/>', '!not-authorized'], []]);
    live('<message n="2"/>');
    await settle();
    assert.deepEqual([older.sent.length, newer.sent], [2, ['<message n="2"/>']]);
  });

  it('an old removal that is learnt late ends no session of the next account, in whichever epoch', async () => {
    for (const [epoch, sequence, ends] of [
      [1, 7, true],
      [1, 8, false],
      [1, 9, false],
      [2, 1, false],
      [0, 99, true],
    ] as const) {
      const older = await attached('older');
      logEnd = { epoch, sequence };
      const newer = await attached('newer');
      const removal = encodeEnvelope(envelope('', { kind: KIND.accountDeleted }));
      bus.republish(subjects.user(ROMEO), removal, { stream: 0, sequence: 8, previous: 0 });
      await settle();
      assert.deepEqual(
        [older.sent, newer.sent],
        [['!not-authorized'], ends ? ['!not-authorized'] : []],
        `${epoch}/${sequence}`,
      );
      for (const { session } of [older, newer]) following.detach(session);
      logEnd = undefined;
    }
  });

  it('nobody is followed who has no session, whatever the order of binds and ends', async () => {
    const isFollowed = async () => {
      try {
        await bus.request(subjects.user(ROMEO), new Uint8Array(0), 1);
      } catch (error) {
        return !(error instanceof NoRespondersError);
      }
      return true;
    };
    const first = await attached('phone');
    const second = makeSession({ resource: 'laptop' });
    await following.reserve(second.session);
    following.detach(first.session);
    assert.equal(await isFollowed(), true, 'one is being bound');
    assert.equal(following.countOf(ROMEO), 1);
    following.detach(second.session);
    assert.equal(await isFollowed(), false);
    assert.equal(following.countOf(ROMEO), 0);
    assert.equal(following.sessionsOf(ROMEO), undefined);
    following.detach(first.session);
    const third = await attached('phone');
    live('<message/>');
    await settle();
    assert.deepEqual(third.sent, ['<message/>']);
    following.detach(third.session);
  });

  it('a session that is over counts as long as it has messages in hand', async () => {
    let answer: () => void = () => undefined;
    const busy = makeSession({ resource: 'busy', handle: () => new Promise<void>((resolve) => (answer = resolve)) });
    await following.reserve(busy.session);
    following.attach(busy.session);
    const scanned = { bytes: new Uint8Array(1) } as Parameters<typeof busy.session.receive>[0];
    for (let i = 0; i < 2; i++) busy.session.receive(scanned);
    following.detach(busy.session);
    assert.equal(following.sessionsOf(ROMEO), undefined);
    assert.equal(following.countOf(ROMEO), 1);
    for (let i = 0; i < 2; i++) {
      answer();
      await settle();
    }
    assert.equal(following.countOf(ROMEO), 0);
  });

  it('two sessions of one resource: the end of the older one takes nothing from the newer', async () => {
    const older = await attached('phone');
    const newer = makeSession({ resource: 'phone', id: 'newer' });
    await following.reserve(newer.session);
    newer.session.state = SESSION_STATE.available;
    following.attach(newer.session);
    tell();
    assert.deepEqual(older.sent, ['!conflict']);
    following.detach(older.session);
    live('<message/>');
    await settle();
    assert.deepEqual(newer.sent, ['<message/>']);
    assert.deepEqual(older.sent, ['!conflict']);
    following.detach(newer.session);
  });
});
