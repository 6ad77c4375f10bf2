import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeBareJid, makeFullJid } from '@starling/jid';
import { Stanza, StanzaError } from '@starling/stanza';
import fc from 'fast-check';
import { type HookMap, Hooks, type OnHookFailure, PHASES, type Phase, type Verdict } from './hooks.ts';
import type { Session } from './session.ts';

const session: Session = {
  ...{
    id: 's',
    origin: 'e1/s',
    user: makeBareJid('romeo', 'localhost'),
    peerAddress: '::1',
    loopback: true,
    available: true,
    slots: new Map(),
  },
  jid: makeFullJid(makeBareJid('romeo', 'localhost'), 'orchard'),
  send: () => undefined,
  deliver: () => undefined,
  heardAt: 0,
  logEnd: undefined,
  fail: () => undefined,
};
const event = (): HookMap['client:stanza'] => ({ session, stanza: Stanza.build('message', {}) });

type Failure = Parameters<OnHookFailure>[0];

class World {
  readonly ran: string[] = [];
  readonly failures: Failure[] = [];
  readonly hooks = new Hooks((failure) => void this.failures.push(failure));

  on(feature: string, phase: Phase, verdict: () => Verdict | Promise<Verdict> = () => 'next', after: string[] = []) {
    const handler = () => {
      this.ran.push(feature);
      return verdict();
    };
    this.hooks.on(feature, 'client:stanza', phase, handler, after);
    return this;
  }

  run(names: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f']): Verdict | Promise<Verdict> {
    this.hooks.freeze(new Set(names));
    return this.hooks.run('client:stanza', event());
  }
}

const refusal = (condition: 'forbidden' | 'not-allowed' = 'forbidden') => new StanzaError(condition);
const throws = (error: unknown) => () => {
  throw error;
};
const nextLater = (): Promise<Verdict> => Promise.resolve('next');
const rejects = (error: unknown) => () => Promise.reject(error);

describe('hooks', () => {
  it('run phase by phase, and within a phase as registered', () => {
    const world = new World();
    for (const phase of [...PHASES].reverse()) world.on(`${phase} 1`, phase).on(`${phase} 2`, phase);
    assert.equal(world.run(), 'next');
    assert.deepEqual(
      world.ran,
      PHASES.flatMap((phase) => [`${phase} 1`, `${phase} 2`]),
    );
  });

  it('an event without handlers goes on', () => {
    const world = new World();
    assert.equal(world.run(), 'next');
    assert.equal(world.hooks.run('session:ended', { session }), 'next');
  });

  it('`after` comes first, whatever the order of registration', () => {
    const world = new World();
    world.on('a', 'guard', undefined, ['b', 'c']).on('b', 'guard', undefined, ['c']).on('c', 'guard').on('d', 'guard');
    void world.run();
    assert.deepEqual(world.ran, ['c', 'b', 'a', 'd']);
  });

  it('`after` holds within a phase only; a feature that has no handler there is nothing to wait for', () => {
    const world = new World();
    world.on('a', 'guard', undefined, ['b', 'e']).on('b', 'copy');
    void world.run();
    assert.deepEqual(world.ran, ['a', 'b']);
  });

  it('a circle, an unknown name, a handler that comes late: refused at boot', () => {
    const circle = new World().on('a', 'guard', undefined, ['b']).on('b', 'guard', undefined, ['a']);
    assert.throws(() => circle.run(), /circle of "after" in phase guard: a, b/);
    assert.throws(() => new World().on('a', 'guard', undefined, ['blocking']).run(), /no feature blocking/);
    const frozen = new World();
    void frozen.run();
    assert.throws(() => frozen.on('a', 'guard'), /frozen/);
  });

  it('property: every order of registration keeps phases and `after`', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    // Edges go down the alphabet only, so that there is no circle.
    const feature = fc.record({ phase: fc.constantFrom(...PHASES), after: fc.subarray(names) });
    const order = fc.shuffledSubarray(names, { minLength: names.length, maxLength: names.length });
    fc.assert(
      fc.property(fc.array(feature, { minLength: 5, maxLength: 5 }), order, (features, registered) => {
        const world = new World();
        const of = (name: string) => features[names.indexOf(name)] as (typeof features)[number];
        const afterOf = (name: string) => of(name).after.filter((other) => other < name);
        for (const name of registered) world.on(name, of(name).phase, undefined, afterOf(name));
        void world.run();
        assert.deepEqual([...world.ran].sort(), names);
        const phases = world.ran.map((name) => PHASES.indexOf(of(name).phase));
        assert.deepEqual(
          phases,
          [...phases].sort((x, y) => x - y),
        );
        for (const name of names) {
          for (const other of afterOf(name)) {
            if (of(other).phase === of(name).phase) assert.ok(world.ran.indexOf(other) < world.ran.indexOf(name));
          }
        }
      }),
    );
  });

  it('a verdict other than next stops', () => {
    const error = refusal();
    for (const verdict of ['handled', error] as const) {
      const world = new World().on('a', 'guard', () => verdict).on('b', 'guard');
      assert.equal(world.run(), verdict);
      assert.deepEqual(world.ran, ['a']);
    }
  });

  it('a Promise comes back only when a handler returned one, and the next one waits for it', async () => {
    let resolve: (verdict: Verdict) => void = () => undefined;
    const world = new World()
      .on('a', 'guard')
      .on('b', 'guard', () => new Promise((r) => (resolve = r)))
      .on('c', 'guard')
      .on('d', 'observe', nextLater);
    const running = world.run();
    assert.ok(running instanceof Promise);
    assert.deepEqual(world.ran, ['a', 'b']);
    resolve('next');
    assert.equal(await running, 'next');
    assert.deepEqual(world.ran, ['a', 'b', 'c', 'd']);
  });

  it('together: all begin at once, and the first verdict in their order counts', async () => {
    const world = new World();
    const gates: (() => void)[] = [];
    const slow = (verdict: Verdict) => () => new Promise<Verdict>((resolve) => gates.push(() => resolve(verdict)));
    world.on('a', 'guard', slow('next')).on('b', 'guard', slow('handled')).on('c', 'observe', slow('next'));
    world.hooks.freeze(new Set(['a', 'b', 'c']));
    const verdict = world.hooks.runTogether('client:stanza', event());
    assert.deepEqual(world.ran, ['a', 'b', 'c']);
    for (const open of gates.reverse()) open();
    assert.equal(await verdict, 'handled');
    assert.equal(await new Hooks(() => undefined).runTogether('client:stanza', event()), 'next');
  });

  it('a later verdict settles the Promise', async () => {
    const error = refusal();
    const world = new World()
      .on('a', 'guard', nextLater)
      .on('b', 'rewrite', async () => error)
      .on('c', 'deliver');
    assert.equal(await world.run(), error);
    assert.deepEqual(world.ran, ['a', 'b']);
  });

  it('a rewrite puts another stanza in place for those behind it', () => {
    const world = new World();
    const other = Stanza.build('message', { id: 'other' });
    let seen: Stanza | undefined;
    world.hooks.on('a', 'client:stanza', 'rewrite', (e) => {
      e.stanza = other;
      return 'next';
    });
    world.hooks.on('b', 'client:stanza', 'observe', (e) => {
      seen = e.stanza;
      return 'next';
    });
    const payload = event();
    world.hooks.freeze(new Set());
    void world.hooks.run('client:stanza', payload);
    assert.equal(seen, other);
    assert.equal(payload.stanza, other);
  });
});

describe('hooks that decide at once', () => {
  it('the first verdict counts', () => {
    const error = refusal();
    const world = new World()
      .on('a', 'guard')
      .on('b', 'guard', () => error)
      .on('c', 'guard');
    world.hooks.freeze(new Set(['a', 'b', 'c']));
    assert.equal(world.hooks.runNow('client:stanza', event()), error);
    assert.deepEqual(world.ran, ['a', 'b']);
    assert.equal(world.hooks.runNow('session:ended', { session }), 'next', 'nobody looks at it');
  });

  it('one that throws, or that takes time, fails closed', () => {
    for (const verdict of [throws(new Error('bug')), nextLater]) {
      const world = new World().on('a', 'guard', verdict).on('b', 'guard');
      world.hooks.freeze(new Set(['a', 'b']));
      const settled = world.hooks.runNow('client:stanza', event());
      assert.ok(settled instanceof StanzaError);
      assert.equal(settled.condition, 'internal-server-error');
      assert.deepEqual(world.ran, ['a']);
      assert.equal(world.failures.length, 1);
    }
  });
});

describe('hooks that throw', () => {
  for (const phase of PHASES) {
    const isClosed = phase === 'guard' || phase === 'rewrite' || phase === 'deliver';
    for (const [how, failing] of [
      ['throws', throws],
      ['rejects', rejects],
    ] as const) {
      it(`${phase}: a bug that ${how} ${isClosed ? 'fails closed' : 'is told and skipped'}`, async () => {
        const bug = new Error('bug');
        const world = new World().on('a', phase, failing(bug)).on('b', 'observe');
        const verdict = await world.run();
        if (isClosed) {
          assert.ok(verdict instanceof StanzaError);
          assert.deepEqual([verdict.condition, verdict.cause], ['internal-server-error', bug]);
        } else assert.equal(verdict, 'next');
        assert.deepEqual(world.ran, isClosed ? ['a'] : ['a', 'b']);
        assert.deepEqual(world.failures, [{ feature: 'a', event: 'client:stanza', phase, error: bug }]);
      });

      it(`${phase}: a StanzaError that it ${how} ${isClosed ? 'is its verdict' : 'is told and skipped'}`, async () => {
        const error = refusal('not-allowed');
        const world = new World().on('a', phase, failing(error)).on('b', 'observe');
        const verdict = await world.run();
        assert.equal(verdict, isClosed ? error : 'next');
        assert.equal(world.failures.length, isClosed ? 0 : 1);
      });
    }
  }
});
