import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type Appended,
  type Log,
  LogBusyError,
  type LogEntry,
  LogFullError,
  LogUnavailableError,
  MemoryBus,
  MemoryLog,
} from '@starling/bus';
import { COPY, decodeEnvelope, type Envelope, FATE, HINT, subjects } from '@starling/contracts';
import { type BareJid, type Jid, parseJid } from '@starling/jid';
import { MetricsRegistry } from '@starling/runtime';
import { el, NS as RFC, Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { edgeMetrics } from './metrics.ts';
import { NS, Road } from './road.ts';
import type { ClientSession } from './session.ts';
import { nextTurn } from './testing/fake-channel.ts';
import { makeSession } from './testing/session.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const JULIET = 'juliet@localhost' as BareJid;
const originId = (id: string) => el('origin-id', NS.stanzaId, { id });
const body = el('body', RFC.client, {}, 'hark');
const chat = (...children: readonly Element[]) =>
  Stanza.build('message', { type: 'chat', to: JULIET, from: parseJid('romeo@localhost/orchard') }, body, ...children);
const chatState = Stanza.build(
  'message',
  { type: 'chat', to: JULIET },
  el('active', 'http://jabber.org/protocol/chatstates'),
);

describe('the road', () => {
  let bus: MemoryBus;
  let log: MemoryLog;
  let metrics: MetricsRegistry;
  let road: Road;
  let wantsCopies: boolean;

  beforeEach(() => {
    bus = new MemoryBus({ onError: (error) => assert.fail(String(error)) });
    log = new MemoryLog(bus, { streams: 1, acknowledge: 'at-once' });
    metrics = new MetricsRegistry();
    wantsCopies = false;
    road = roadOn(log);
  });
  afterEach(async () => {
    await log.close();
    await bus.close();
  });

  const roadOn = (to: Log) =>
    new Road({
      ...{
        bus,
        log: to,
        metrics: metrics.register(edgeMetrics),
        requestTimeoutMs: 100,
        tracer: undefined,
        halfStoredMax: 2,
      },
      wantsCopies: () => wantsCopies,
    });

  async function entries(): Promise<(LogEntry & { readonly envelope: Envelope })[]> {
    const read = await (await log.read(0, 1)).next(1_000, 1);
    return read.map((entry) => ({ ...entry, envelope: decodeEnvelope(entry.data) }));
  }

  /** As a session's queue does: counted, one after the other. */
  async function send(session: ClientSession, stanza: Stanza, to = stanza.to || ROMEO): Promise<void> {
    session.handled++;
    await road.message(session, stanza, to);
  }

  it('a durable message is an entry of the recipient’s log and of the sender’s', async () => {
    const { session } = makeSession();
    await send(session, chat());
    const [received, sent, ...more] = await entries();
    assert.deepEqual(more, []);
    assert.ok(received && sent);
    assert.deepEqual(
      [received, sent].map(({ envelope: e }) => [e.owner, e.copy, e.fate, e.to, e.from, e.origin, e.type]),
      [
        [JULIET, COPY.received, FATE.archived, JULIET, 'romeo@localhost/orchard', 'e1/session-1', 'chat'],
        [ROMEO, COPY.sent, FATE.archived, JULIET, 'romeo@localhost/orchard', 'e1/session-1', 'chat'],
      ],
    );
    assert.notEqual(received.id, sent.id, 'JetStream compares ids within a stream');
    assert.equal(received.envelope.id, received.id);
    assert.equal(Buffer.from(received.envelope.stanza).toString(), Buffer.from(chat().encode()).toString());
  });

  it('to oneself it is one entry, also to another of one’s resources', async () => {
    const { session } = makeSession();
    await send(session, chat().with({ to: ROMEO }), ROMEO);
    await send(session, chat(), parseJid('romeo@localhost/phone'));
    assert.deepEqual(
      (await entries()).map(({ envelope: e }) => [e.owner, e.copy]),
      [
        [ROMEO, COPY.self],
        [ROMEO, COPY.self],
      ],
    );
  });

  it('sent again with the same origin-id it is the same entry, on another session and with a delay too', async () => {
    const first = makeSession({ id: 'one' }).session;
    const second = makeSession({ id: 'two', resource: 'phone' }).session;
    const delay = el('delay', NS.delay, { stamp: '2026-01-01T00:00:00Z' });
    await send(first, chat(originId('o1')));
    await send(first, chat(originId('o1')));
    await send(second, chat(originId('o1'), delay));
    assert.equal((await entries()).length, 2);
    const duplicates = /starling_edge_first_attempt_duplicates_total (\d+)/.exec(await metrics.scrape())?.[1];
    assert.equal(duplicates, '4');
  });

  it('another origin-id, another text, another recipient: another entry', async () => {
    const { session } = makeSession();
    await send(session, chat(originId('o1')));
    await send(session, chat(originId('o2')));
    await send(session, chat(originId('o1'), el('x', 'urn:x')));
    await send(session, chat(originId('o1')).with({ to: parseJid('nurse@localhost') }));
    // The last one is new for the nurse; for the sender's own log it is the first again.
    const owners = (await entries()).map(({ envelope }) => envelope.owner);
    assert.deepEqual(owners.filter((o) => o === JULIET).length, 3);
    assert.deepEqual(owners.filter((o) => o === 'nurse@localhost').length, 1);
  });

  it('without an origin-id, or with an empty one, equal messages are different ones', async () => {
    const [first, second] = [makeSession({ id: 'one' }).session, makeSession({ id: 'two' }).session];
    for (const session of [first, second, first]) await send(session, chat());
    await send(first, chat(originId('')));
    await send(first, chat(originId('')));
    const ids = (await entries()).map(({ id }) => id);
    assert.equal(ids.length, 10);
    assert.equal(new Set(ids).size, 10);
  });

  it('what is live is no entry, but goes to the feed', async () => {
    const { session } = makeSession();
    const got: Envelope[] = [];
    bus.subscribe(subjects.user(JULIET), ({ data, commit }) => {
      assert.equal(commit, undefined);
      got.push(decodeEnvelope(data));
    });
    const pending = road.message(session, chatState, JULIET);
    assert.equal(pending, undefined, 'nothing to wait for');
    await nextTurn();
    assert.deepEqual(
      got.map((e) => [e.id, e.owner, e.fate, e.after]),
      [['', JULIET, FATE.live, 0]],
    );
    assert.deepEqual(await entries(), []);
  });

  it('RFC 6120 §10.1 what is live goes behind the session’s own entries in that log, and no other’s', async () => {
    const [mine, other] = [makeSession({ id: 'one' }).session, makeSession({ id: 'two' }).session];
    const after: Record<string, number[]> = { [JULIET]: [], [ROMEO]: [], 'nurse@localhost': [] };
    for (const [jid, list] of Object.entries(after)) {
      bus.subscribe(subjects.user(jid as BareJid), ({ data, commit }) => {
        if (commit === undefined) list.push(decodeEnvelope(data).after);
      });
    }
    await send(mine, chat());
    for (const to of [JULIET, ROMEO, 'nurse@localhost' as BareJid]) road.live(mine, chatState, to);
    road.live(other, chatState, JULIET);
    await nextTurn();
    assert.deepEqual(after, { [JULIET]: [1, 0], [ROMEO]: [2], 'nurse@localhost': [0] });
  });

  it('XEP-0280 §8 what is live is told to the sender’s other sessions if they want it, behind his own entries', async () => {
    const { session } = makeSession();
    const got: [string, number, number, number][] = [];
    for (const jid of [ROMEO, JULIET]) {
      bus.subscribe(subjects.user(jid), ({ data, commit }) => {
        const { owner, copy, hints, after } = decodeEnvelope(data);
        if (commit === undefined) got.push([owner, copy, hints, after]);
      });
    }
    const copied = async (stanza: Stanza, to: Jid = JULIET) => {
      got.length = 0;
      await send(session, stanza, to);
      await nextTurn();
      return [...got];
    };
    const state = HINT.conversation;
    assert.deepEqual(await copied(chatState), [[JULIET, COPY.received, state, 0]], 'nobody wants it');
    wantsCopies = true;
    await send(session, chat());
    assert.deepEqual(await copied(chatState), [
      [JULIET, COPY.received, state, 1],
      [ROMEO, COPY.sent, state, 2],
    ]);
    const secret = Stanza.build('message', { type: 'chat' }, el('private', 'urn:xmpp:carbons:2'));
    assert.deepEqual(await copied(secret), [[JULIET, COPY.received, HINT.noCopy, 1]], '§9');
    assert.deepEqual(await copied(chatState, ROMEO), [[ROMEO, COPY.self, state, 2]], 'one to oneself');
    assert.deepEqual(await copied(chat()), [], 'the log tells of what is durable');
  });

  it('the entries say what nobody behind has to read of it', async () => {
    const { session } = makeSession();
    await send(session, chat(el('private', 'urn:xmpp:carbons:2')));
    assert.deepEqual(
      (await entries()).map(({ envelope }) => envelope.hints),
      [HINT.body | HINT.noCopy, HINT.body | HINT.noCopy],
    );
  });

  it('every fate is counted', async () => {
    const { session } = makeSession();
    await send(session, chat());
    await send(session, chat(el('no-permanent-store', 'urn:xmpp:hints')));
    await send(session, chatState, JULIET);
    const text = await metrics.scrape();
    for (const fate of ['archived', 'passing', 'live'])
      assert.match(text, new RegExp(`starling_edge_messages_total{fate="${fate}"} 1`));
  });

  describe('when the log does not take it', () => {
    /** A log that refuses one owner's entries. */
    function refusing(error: unknown, owner: string, isSync = false): Log {
      return {
        ...{ streams: 1, congested: false, onDrained: () => undefined },
        append: (user: BareJid): Promise<Appended> => {
          if (user !== owner) return nextTurn().then(() => ({ stream: 0, sequence: 1, duplicate: false }));
          if (isSync) throw error;
          return Promise.reject(error);
        },
      } as unknown as Log;
    }

    for (const error of [new LogFullError('x'), new LogBusyError('x'), new LogUnavailableError('x')]) {
      it(`${error.name} is resource-constraint of type wait`, async () => {
        for (const owner of [JULIET, ROMEO]) {
          await assert.rejects(
            async () => roadOn(refusing(error, owner)).message(makeSession().session, chat(), JULIET),
            (refused) =>
              refused instanceof StanzaError &&
              refused.condition === 'resource-constraint' &&
              refused.type === 'wait' &&
              refused.cause === error,
          );
        }
      });
    }

    it('a half that is stored is not stored again, however late the message comes again', async () => {
      const stored: string[] = [];
      let isFull = true;
      const full = {
        ...{ streams: 1, congested: false, onDrained: () => undefined },
        append: async (user: BareJid, id: string): Promise<Appended> => {
          if (isFull && user === ROMEO) throw new LogFullError('x');
          stored.push(`${user} ${id}`);
          return { stream: 0, sequence: stored.length, duplicate: false };
        },
      } as unknown as Log;
      const toLog = roadOn(full);
      const { session } = makeSession();
      const sends = (n: number) => toLog.message(session, chat(el('origin-id', NS.stanzaId, { id: `o${n}` })), JULIET);
      for (const n of [1, 2, 3]) await assert.rejects(async () => sends(n));
      isFull = false;
      for (const n of [3, 2, 1]) await sends(n);
      const of = (user: BareJid) => stored.filter((line) => line.startsWith(user));
      assert.equal(of(ROMEO).length, 3);
      assert.equal(of(JULIET).length, 4, 'of the first nobody knew any more: a bound of two');
      assert.equal(new Set(of(JULIET)).size, 3);
    });

    it('what is no refusal is a bug, and stays one', async () => {
      for (const isSync of [false, true]) {
        const bug = new TypeError('a bug');
        await assert.rejects(
          async () => roadOn(refusing(bug, ROMEO, isSync)).message(makeSession().session, chat(), JULIET),
          bug,
        );
      }
    });

    it('what no message of the bus holds is policy-violation', async () => {
      for (const isSync of [false, true]) {
        const large = refusing(new RangeError('1048577 bytes do not fit in a message'), ROMEO, isSync);
        await assert.rejects(
          async () => roadOn(large).message(makeSession().session, chat(), JULIET),
          (error) => error instanceof StanzaError && error.condition === 'policy-violation' && error.type === 'modify',
        );
      }
    });

    it('the other append is waited for: its retry must not overtake the next stanza', async () => {
      let stored = false;
      const slow = {
        ...{ streams: 1, congested: false, onDrained: () => undefined },
        append: async (user: BareJid): Promise<Appended> => {
          if (user === ROMEO) throw new LogFullError('x');
          for (let i = 0; i < 5; i++) await nextTurn();
          stored = true;
          return { stream: 0, sequence: 1, duplicate: false };
        },
      } as unknown as Log;
      await assert.rejects(async () => roadOn(slow).message(makeSession().session, chat(), JULIET), StanzaError);
      assert.equal(stored, true);
    });
  });
});
