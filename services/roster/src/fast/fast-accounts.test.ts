import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RpcError } from '@starling/bus';
import { accounts, type FastToken, type FastUse, fast, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { openRosterWorld, type RosterWorld, until } from '../testing/roster-world.ts';

const romeo = 'romeo@localhost';
const [phone, laptop] = [Buffer.from('phone'), Buffer.from('laptop')];
const MECHANISM = 'HT-SHA-256-NONE';
const keysOf = (salt: string) => [
  {
    ...{ mechanism: 'SCRAM-SHA-1', iterations: 4096, salt: Buffer.from(salt) },
    ...{ storedKey: Buffer.alloc(20, 1), serverKey: Buffer.alloc(20, 2) },
  },
];
const refused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;

describe('tokens (XEP-0484)', () => {
  let world: RosterWorld;

  const issue = async (client: Uint8Array, user = romeo): Promise<FastToken> => {
    const { issued } = await world.ask(fast.issue, { user, client, mechanism: MECHANISM });
    assert.ok(issued);
    return issued;
  };
  const use = async ({ id }: FastToken, more: Partial<FastUse> = {}): Promise<FastToken | undefined> => {
    const asked = { user: romeo, client: phone, id, count: 0, invalidate: false, wanted: '', ...more };
    return (await world.ask(fast.use, asked)).issued ?? undefined;
  };
  const idsOf = async (client: Uint8Array, user = romeo): Promise<string[]> =>
    (await world.ask(fast.list, { user, client })).tokens.map(({ id }) => Buffer.from(id).toString('hex'));
  const rows = async () =>
    (await world.db.query<{ username: string }>('select username from fast_token')).map((row) => row.username);
  /** Statements that `work` needed, those included that follow behind it. */
  const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = world.db.statements;
    await work();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return world.db.statements - before;
  };

  before(async () => {
    world = await openRosterWorld({ STARLING_FAST_TOKEN_ROTATION: '1h', STARLING_FAST_CLIENTS_MAX: '2' });
    // Two processes, which take turns.
    await world.start();
    await world.register(romeo);
  });
  after(() => world.stop());

  it('a login costs no SQL statement, whichever process answers', async () => {
    const token = await issue(phone);
    await use(token, { count: 1 }); // the first use makes it the current one, which is written
    await until('it is written', async () => (await rows()).includes(romeo));
    const statements = await statementsOf(async () => {
      for (let count = 2; count < 12; count++) {
        assert.equal((await world.ask(fast.list, { user: romeo, client: phone })).tokens.length, 1);
        await use(token, { count });
      }
    });
    assert.equal(statements, 0);
  });

  it('a count that has been there is refused', async () => {
    const token = await issue(phone);
    await use(token, { count: 5 });
    for (const count of [5, 4, 1]) await assert.rejects(use(token, { count }), refused('not-authorized'));
    await use(token, { count: 6 });
    await use(token);
  });

  it('an earlier token is good until a newer one is used, and no longer', async () => {
    const first = await issue(phone);
    await use(first);
    const second = await issue(phone);
    await use(first);
    await use(second);
    await assert.rejects(use(first), refused('not-authorized'));
  });

  it('what was issued and not used is void when another one is issued', async () => {
    const first = await issue(phone);
    const second = await issue(phone);
    await assert.rejects(use(first), refused('not-authorized'));
    await use(second);
  });

  it('invalidate acts at once, and gives a new one only to who asks', async () => {
    const first = await issue(phone);
    assert.equal(await use(first, { invalidate: true }), undefined);
    await assert.rejects(use(first), refused('not-authorized'));
    assert.deepEqual(await idsOf(phone), []);
    const second = await issue(phone);
    const third = await use(second, { invalidate: true, wanted: MECHANISM });
    assert.ok(third);
    await assert.rejects(use(second), refused('not-authorized'));
    await use(third);
  });

  it('tokens of two clients are apart; of more than may have some, the one that was away longest loses its own', async () => {
    const [one, two] = [await issue(phone), await issue(laptop)];
    await assert.rejects(use(one, { client: laptop }), refused('not-authorized'));
    await use(one);
    await issue(Buffer.from('tablet'));
    await use(one);
    await assert.rejects(use(two, { client: laptop }), refused('not-authorized'));
  });

  it('a new password ends them all, on all processes', async () => {
    const token = await issue(phone);
    await use(token);
    await world.ask(accounts.setKeys, { user: romeo, keys: keysOf('new') });
    for (let n = 0; n < 4; n++) {
      assert.deepEqual(await idsOf(phone), []);
      await assert.rejects(use(token), refused('not-authorized'));
    }
    await use(await issue(phone));
  });

  it('the database has them when the records are lost, but no more than those of the password that holds', async () => {
    const lose = async () => {
      const key = subjects.fastTokens(romeo as BareJid);
      await world.copies.remove(key, (await world.copies.get(key))?.revision ?? 0);
    };
    const token = await issue(phone);
    await use(token);
    const hex = Buffer.from(token.id).toString('hex');
    await until('it is written', async () => {
      const found = await world.db.query<{ n: bigint }>(
        "select count(*) as n from fast_token where position(decode($1, 'hex') in tokens) > 0",
        [hex],
      );
      return Number(found[0]?.n) === 1;
    });
    await lose();
    assert.deepEqual(await idsOf(phone), [hex]);
    await use(token);
    await world.ask(accounts.setKeys, { user: romeo, keys: keysOf('newer') });
    await lose();
    assert.deepEqual(await idsOf(phone), []);
    await assert.rejects(use(token), refused('not-authorized'));
  });

  it('a removal ends them; who registers the name again has none', async () => {
    const user = 'tybalt@localhost';
    await world.register(user);
    const token = await issue(phone, user);
    await world.ask(accounts.remove, { user });
    assert.deepEqual(await idsOf(phone, user), []);
    await assert.rejects(use(token, { user }), refused('not-authorized'));
    await assert.rejects(issue(phone, user), refused('item-not-found'));
    await world.register(user);
    assert.deepEqual(await idsOf(phone, user), []);
    await assert.rejects(use(token, { user }), refused('not-authorized'));
  });

  it('of a name without an account nobody learns anything', async () => {
    assert.deepEqual(await idsOf(phone, 'nobody@localhost'), []);
    await assert.rejects(use(await issue(phone), { user: 'nobody@localhost' }), refused('not-authorized'));
  });
});

it('a token that is older than the rotation is replaced when it is used, and once the new one is used it is void', async () => {
  const world = await openRosterWorld({ STARLING_FAST_TOKEN_ROTATION: '0s' });
  try {
    await world.register(romeo);
    const { issued: first } = await world.ask(fast.issue, { user: romeo, client: phone, mechanism: MECHANISM });
    assert.ok(first);
    const asked = { user: romeo, client: phone, count: 0, invalidate: false, wanted: '' };
    const { issued: second } = await world.ask(fast.use, { ...asked, id: first.id });
    assert.ok(second);
    assert.equal(second.mechanism, MECHANISM);
    await world.ask(fast.use, { ...asked, id: first.id });
    await assert.rejects(world.ask(fast.use, { ...asked, id: second.id }), refused('not-authorized'), 'replaced again');
  } finally {
    await world.stop();
  }
});
