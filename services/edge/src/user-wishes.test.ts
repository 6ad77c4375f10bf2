import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryBus, RpcError, serve } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  type ArchivePreferences,
  type BlockList,
  blocks,
  preferences,
  queues,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';
import { UserWishes } from './user-wishes.ts';

const TIMEOUT_MS = 5_000;
const ROMEO = 'romeo@localhost' as BareJid;
const BLOCKED: BlockList = { version: 3, jids: ['tybalt@localhost'], cleared: false };
const OWN: ArchivePreferences = {
  ...{ version: 4, fallback: ARCHIVE_DEFAULT.never, always: [], never: [], roster: [] },
};

/** `knows`: the service is not of an older release. */
function world({ knows = true, isThere = true } = {}) {
  const bus = new MemoryBus();
  const asked: string[] = [];
  const onError = (error: unknown) => assert.fail(String(error));
  const list = async (request: { preferences?: boolean }): Promise<BlockList> => {
    asked.push('blocks');
    if (!isThere) throw new RpcError('item-not-found');
    return knows && request.preferences ? { ...BLOCKED, preferences: OWN } : BLOCKED;
  };
  serve(bus, blocks.list, queues.roster, list, onError);
  const get = async () => {
    asked.push('preferences');
    return OWN;
  };
  serve(bus, preferences.get, queues.roster, get, onError);
  return { wishes: new UserWishes(bus, TIMEOUT_MS), asked };
}

describe('what a user has said about the messages of others', () => {
  for (const [knows, questions] of [
    [true, ['blocks']],
    [false, ['blocks', 'preferences']],
  ] as const) {
    it(`is asked for by ${questions.length === 1 ? 'one question' : 'two of an older service'}`, async () => {
      const { wishes, asked } = world({ knows });
      const [list, own] = await Promise.all([wishes.blocks(ROMEO), wishes.preferences(ROMEO)]);
      assert.deepEqual([list.version, list.jids], [BLOCKED.version, BLOCKED.jids]);
      assert.deepEqual([own.version, own.fallback], [OWN.version, OWN.fallback]);
      assert.deepEqual(asked, questions);
    });
  }

  it('is asked for again by who comes later, though the answer is still under way', async () => {
    const { wishes, asked } = world();
    const first = wishes.blocks(ROMEO);
    await Promise.resolve();
    await Promise.all([first, wishes.blocks(ROMEO)]);
    assert.deepEqual(asked, ['blocks', 'blocks']);
  });

  it('is not known of who is not there: to neither', async () => {
    const { wishes, asked } = world({ isThere: false });
    const refused = (error: unknown) => error instanceof StanzaError && error.condition === 'item-not-found';
    await Promise.all([
      assert.rejects(wishes.blocks(ROMEO), refused),
      assert.rejects(wishes.preferences(ROMEO), refused),
    ]);
    assert.deepEqual(asked, ['blocks']);
  });
});
