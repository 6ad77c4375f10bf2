import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnDeliveries, type OwnSubscription } from './own-deliveries.ts';

const BYTE = new Uint8Array(1);

function opened(max?: number) {
  const told: unknown[] = [];
  const own = new OwnDeliveries({ max, onOverflow: () => told.push('loss'), onError: (error) => told.push(error) });
  const got: string[] = [];
  const subscribe = (subject: string, name = subject): OwnSubscription & { active: boolean } => {
    const subscription = { subject, active: true, handler: () => void got.push(name) };
    own.add(subscription);
    return subscription;
  };
  return { own, told, got, subscribe };
}

test('says whether anybody here gets it, and delivers in a later turn, in order', async () => {
  const { own, got, subscribe } = opened();
  subscribe('u.1.alice');
  subscribe('u.1.bob');
  assert.equal(own.publish('u.1.carol', BYTE, ''), false);
  assert.equal(own.publish('u.1.bob', BYTE, ''), true);
  assert.equal(own.publish('u.1.alice', BYTE, ''), true);
  assert.deepEqual(got, []);
  await own.flush();
  assert.deepEqual(got, ['u.1.bob', 'u.1.alice']);
  assert.equal(own.delivered, 2);
});

test('who has taken his subscription back gets nothing that was on its way', async () => {
  const { own, got, subscribe } = opened();
  const subscription = subscribe('u.1.alice');
  subscribe('u.1.alice', 'another');
  own.publish('u.1.alice', BYTE, '');
  subscription.active = false;
  own.remove(subscription);
  await own.flush();
  assert.deepEqual(got, ['another']);
});

test('beyond its bound all that waits is dropped, and told', async () => {
  const { own, told, got, subscribe } = opened(3);
  subscribe('u.1.alice');
  for (let i = 0; i < 4; i++) own.publish('u.1.alice', BYTE, '');
  await own.flush();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([got, told, own.dropped, own.waiting], [[], ['loss'], 4, 0]);
  own.publish('u.1.alice', BYTE, '');
  await own.flush();
  assert.deepEqual(got, ['u.1.alice'], 'it goes on');
});

test('a handler that throws is reported, and the others get theirs', async () => {
  const { own, told, got, subscribe } = opened();
  const mistake = new Error('a mistake');
  own.add({
    subject: 'u.1.alice',
    active: true,
    handler: () => {
      throw mistake;
    },
  });
  subscribe('u.1.alice');
  own.publish('u.1.alice', BYTE, '');
  await own.flush();
  assert.deepEqual([told, got], [[mistake], ['u.1.alice']]);
});
