import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Bus, Delivery } from '../bus.ts';
import { BusBusyError, BusClosedError, NoRespondersError, RequestTimeoutError } from '../bus.ts';
import { bytesOf, STRANGE, textOf, until } from './tools.ts';

/** A bus to be tried: one that several processes share. */
export interface BusWorld {
  /** A process of its own; in process it is the one bus there is. */
  open(): Promise<Bus>;
  /** Makes this process lose messages on this subject, as one does that does not keep up. */
  overload(slow: Bus, subject: string): Promise<void>;
  close(): Promise<void>;
  /** Whether queue groups are for these processes, too. */
  readonly hasGroups: boolean;
}

/** How many open requests the world's buses allow. */
export const REQUESTS_MAX = 64;

/** Registers what every Bus must do. */
export function busConformance(name: string, makeWorld: () => Promise<BusWorld>): void {
  const enter = async (t: TestContext) => {
    const world = await makeWorld();
    t.after(() => world.close());
    return world;
  };

  describe(`Bus ${name}`, () => {
    it('delivers to every subscriber of exactly this subject, and not while publish runs', async (t) => {
      const world = await enter(t);
      const [one, two] = [await world.open(), await world.open()];
      const got: string[] = [];
      one.subscribe('u.1.alice', ({ subject, data }) => got.push(`one ${subject} ${textOf(data)}`));
      two.subscribe('u.1.alice', ({ data }) => got.push(`two ${textOf(data)}`));
      two.subscribe('u.1.alicex', () => got.push('wrong'));
      two.subscribe('u.1', () => got.push('wrong'));
      await Promise.all([one.flush(), two.flush()]);
      one.publish('u.1.alice', bytesOf('hark'));
      assert.deepEqual(got, []);
      await until('both have it', () => got.length === 2);
      assert.deepEqual(got.sort(), ['one u.1.alice hark', 'two hark']);
    });

    it('keeps the order of one publisher, also across subjects and with an empty payload', async (t) => {
      const world = await enter(t);
      const [publisher, subscriber] = [await world.open(), await world.open()];
      const got: string[] = [];
      subscriber.subscribe('u.>', ({ subject, data }) => got.push(`${subject} ${textOf(data)}`));
      await subscriber.flush();
      const sent: string[] = [];
      for (let i = 0; i < 5_000; i++) {
        const subject = `u.1.user${i % 7}`;
        const text = i % 11 === 0 ? '' : String(i);
        sent.push(`${subject} ${text}`);
        publisher.publish(subject, bytesOf(text));
        if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until('all arrived', () => got.length === sent.length);
      assert.deepEqual(got, sent);
    });

    it('carries any bytes', async (t) => {
      const world = await enter(t);
      const [publisher, subscriber] = [await world.open(), await world.open()];
      const got: Uint8Array[] = [];
      subscriber.subscribe('u.1.alice', ({ data }) => got.push(data));
      await subscriber.flush();
      const all = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
      const large = new Uint8Array(900_000).fill(13);
      publisher.publish('u.1.alice', all);
      publisher.publish('u.1.alice', large);
      publisher.publish('u.1.alice', bytesOf('\r\nPUB u.1.alice 0\r\n\r\n'));
      await until('all arrived', () => got.length === 3);
      assert.deepEqual(
        got.map((data) => Buffer.from(data)),
        [all, large, bytesOf('\r\nPUB u.1.alice 0\r\n\r\n')].map((data) => Buffer.from(data)),
      );
    });

    it('refuses a subject that is none, and sends nothing of it', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const got: string[] = [];
      bus.subscribe('>', ({ subject }) => got.push(subject));
      await bus.flush();
      for (const subject of STRANGE) {
        assert.throws(() => bus.publish(subject, bytesOf('x')), TypeError);
        assert.throws(() => bus.subscribe(subject, () => {}), TypeError);
        await assert.rejects(async () => bus.request(subject, bytesOf('x'), 1_000), TypeError);
      }
      bus.publish('end', bytesOf(''));
      await until('the end has come', () => got.includes('end'));
      assert.deepEqual(got, ['end']);
    });

    it('matches * with one token and > with the rest', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const got: string[] = [];
      const note = (pattern: string) => bus.subscribe(pattern, ({ subject }) => got.push(`${pattern} ${subject}`));
      for (const pattern of ['u.*.alice', 'u.>', '*.1.*', 'u.*']) note(pattern);
      await bus.flush();
      bus.publish('u.1.alice', bytesOf(''));
      bus.publish('u.2.bob.x', bytesOf(''));
      bus.publish('u', bytesOf(''));
      bus.publish('end', bytesOf(''));
      await bus.flush();
      await until('all arrived', () => got.length >= 4);
      assert.deepEqual(got.sort(), ['*.1.* u.1.alice', 'u.*.alice u.1.alice', 'u.> u.1.alice', 'u.> u.2.bob.x']);
    });

    it('delivers nothing after unsubscribe, and goes on for the others', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const got: string[] = [];
      const first = bus.subscribe('u.1.alice', () => got.push('first'));
      bus.subscribe('u.1.alice', () => got.push('second'));
      await bus.flush();
      first.unsubscribe();
      first.unsubscribe();
      await bus.flush();
      bus.publish('u.1.alice', bytesOf(''));
      await until('it arrived', () => got.length > 0);
      assert.deepEqual(got, ['second']);
    });

    it('gives each message to one member of a queue group, and to all others', async (t) => {
      const world = await enter(t);
      if (!world.hasGroups) {
        const bus = await world.open();
        assert.throws(() => bus.subscribe('r.keys', () => {}, { queue: 'roster' }), TypeError);
        return;
      }
      const [one, two] = [await world.open(), await world.open()];
      const members: string[] = [];
      let other = 0;
      for (const [name, bus] of Object.entries({ a: one, b: two, c: two })) {
        bus.subscribe('r.keys', () => members.push(name), { queue: 'roster' });
      }
      two.subscribe('r.keys', () => other++);
      await Promise.all([one.flush(), two.flush()]);
      for (let i = 0; i < 300; i++) one.publish('r.keys', bytesOf(String(i)));
      await until('all arrived', () => other === 300 && members.length >= 300);
      await Promise.all([one.flush(), two.flush()]);
      assert.equal(members.length, 300);
      assert.equal(new Set(members).size, 3);
    });

    it('answers requests, many at once, each with its own answer', async (t) => {
      const world = await enter(t);
      const [asker, server] = [await world.open(), await world.open()];
      server.subscribe('r.keys', ({ data, replyTo }) => {
        // The later ones first.
        setTimeout(() => server.publish(replyTo, bytesOf(`re ${textOf(data)}`)), 40 - Number(textOf(data)));
      });
      await server.flush();
      const asked = Array.from({ length: 40 }, (_, i) => asker.request('r.keys', bytesOf(String(i)), 5_000));
      const answers = await Promise.all(asked);
      assert.deepEqual(
        answers.map(textOf),
        answers.map((_, i) => `re ${i}`),
      );
    });

    it('answers its own requests, those that others answer too, and those that it has given up answering', async (t) => {
      const world = await enter(t);
      const [bus, other] = [await world.open(), await world.open()];
      const own = bus.subscribe('r.own', ({ replyTo }) => setTimeout(() => bus.publish(replyTo, bytesOf('own')), 20));
      await bus.flush();
      assert.equal(textOf(await bus.request('r.own', bytesOf(''), 5_000)), 'own');
      other.subscribe('r.own', ({ replyTo }) => other.publish(replyTo, bytesOf('other')));
      await other.flush();
      assert.equal(textOf(await bus.request('r.own', bytesOf(''), 5_000)), 'other', 'who is quicker');
      own.unsubscribe();
      await bus.flush();
      assert.equal(textOf(await bus.request('r.own', bytesOf(''), 5_000)), 'other');
    });

    it('keeps the order of what it publishes, requests and answers, for itself and for others', async (t) => {
      const world = await enter(t);
      const [bus, other] = [await world.open(), await world.open()];
      const got: string[] = [];
      const seen: string[] = [];
      bus.subscribe('u.1.alice', ({ data, replyTo }) => {
        got.push(textOf(data));
        if (replyTo !== '') bus.publish(replyTo, data);
      });
      other.subscribe('u.1.alice', ({ data }) => seen.push(textOf(data)));
      await Promise.all([bus.flush(), other.flush()]);
      const asked: Promise<Uint8Array>[] = [];
      for (let i = 0; i < REQUESTS_MAX; i++) {
        if (i % 3 === 0) asked.push(bus.request('u.1.alice', bytesOf(String(i)), 5_000));
        else bus.publish('u.1.alice', bytesOf(String(i)));
      }
      const all = Array.from({ length: REQUESTS_MAX }, (_, i) => String(i));
      assert.deepEqual(
        (await Promise.all(asked)).map(textOf),
        all.filter((_, i) => i % 3 === 0),
      );
      await until('all arrived', () => got.length === all.length && seen.length === all.length);
      assert.deepEqual([got, seen], [all, all]);
    });

    it('says at once when nobody is there to answer', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const startedMs = Date.now();
      await assert.rejects(bus.request('r.nobody', bytesOf(''), 10_000), NoRespondersError);
      assert.ok(Date.now() - startedMs < 2_000);
    });

    it('gives a request up after its time, and ignores the late answer', async (t) => {
      const world = await enter(t);
      const [asker, server] = [await world.open(), await world.open()];
      const asked: Delivery[] = [];
      server.subscribe('r.slow', (delivery) => asked.push(delivery));
      await server.flush();
      await assert.rejects(asker.request('r.slow', bytesOf('one'), 50), RequestTimeoutError);
      const second = asker.request('r.slow', bytesOf('two'), 5_000);
      await until('both asked', () => asked.length === 2);
      for (const { replyTo, data } of asked) server.publish(replyTo, data);
      assert.equal(textOf(await second), 'two');
    });

    it('bounds its open requests', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const asked: Delivery[] = [];
      bus.subscribe('r.slow', (delivery) => asked.push(delivery));
      await bus.flush();
      const open = Array.from({ length: REQUESTS_MAX }, () => bus.request('r.slow', bytesOf(''), 10_000));
      await assert.rejects(bus.request('r.slow', bytesOf(''), 10_000), BusBusyError);
      await until('all asked', () => asked.length === REQUESTS_MAX);
      for (const { replyTo } of asked) bus.publish(replyTo, bytesOf('ok'));
      await Promise.all(open);
      await assert.rejects(bus.request('r.slow', bytesOf(''), 10), RequestTimeoutError);
    });

    it('survives a handler that throws', async (t) => {
      const world = await enter(t);
      const bus = await world.open();
      const got: string[] = [];
      bus.subscribe('u.1.alice', () => {
        throw new Error('a mistake');
      });
      bus.subscribe('u.1.alice', ({ data }) => got.push(textOf(data)));
      await bus.flush();
      bus.publish('u.1.alice', bytesOf('1'));
      bus.publish('u.1.alice', bytesOf('2'));
      await until('both arrived', () => got.length === 2);
    });

    it('a subscriber that does not keep up loses messages, is told, and goes on', async (t) => {
      const world = await enter(t);
      const [publisher, slow] = [await world.open(), await world.open()];
      let told = 0;
      slow.onReconnect(() => told++);
      let last = '';
      slow.subscribe('u.1.slow', ({ data }) => {
        last = textOf(data.subarray(0, 20));
      });
      await slow.flush();
      await world.overload(slow, 'u.1.slow');
      await until('it is told', () => told > 0);
      await until('it goes on', () => {
        publisher.publish('u.1.slow', bytesOf('afterwards'));
        return last === 'afterwards';
      });
    });

    it('tells a handler only until it is taken back', async (t) => {
      const world = await enter(t);
      const [slow] = [await world.open()];
      const told: string[] = [];
      const undo = slow.onReconnect(() => told.push('first'));
      slow.onReconnect(() => told.push('second'));
      slow.subscribe('u.1.slow', () => {});
      await slow.flush();
      undo();
      await world.overload(slow, 'u.1.slow');
      await until('it is told', () => told.length > 0);
      assert.ok(!told.includes('first'));
    });

    it('rejects what is open when it is closed, and everything afterwards', async (t) => {
      const world = await enter(t);
      const [server, asker] = [await world.open(), await world.open()];
      server.subscribe('r.slow', () => {});
      await server.flush();
      const open = assert.rejects(asker.request('r.slow', bytesOf(''), 10_000), BusClosedError);
      await asker.close();
      await open;
      await assert.rejects(asker.request('r.slow', bytesOf(''), 10_000), BusClosedError);
      asker.publish('u.1.alice', bytesOf(''));
      await asker.close();
    });
  });
}
