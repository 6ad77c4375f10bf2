import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoRespondersError, RequestTimeoutError } from '@starling/bus';
import { Network } from './network.ts';
import { type Role, VirtualTime } from './virtual-time.ts';

function setUp() {
  const time = new VirtualTime({ startMs: 0, check: () => undefined });
  const network = new Network(time);
  const connect = (name: string, role: Role) => network.connect(time.newActor(name, role));
  return { time, network, edge: connect('edge-1', 'edge'), owner: connect('presence-1', 'presence') };
}

test('messages come later, in order, once to each group, and are counted by what they are', async () => {
  const { time, network, edge, owner } = setUp();
  const got: string[] = [];
  const listen = (name: string, queue?: string) =>
    owner.subscribe(
      'p.1',
      ({ data }) => got.push(`${name} ${data[0]} at ${time.nowMs}`),
      queue === undefined ? {} : { queue },
    );
  const whole = listen('a');
  listen('b', 'group');
  listen('c', 'group');
  edge.publish('p.1', new Uint8Array([1, 0]));
  edge.publish('p.1', new Uint8Array([2, 0]));
  assert.deepEqual(got, []);
  await time.pass(1);
  assert.deepEqual(got, ['a 1 at 0.5', 'b 1 at 0.5', 'a 2 at 0.5', 'c 2 at 0.5']);
  whole.unsubscribe();
  owner.publish('edge.1', new Uint8Array(3));
  owner.publish('u.7.juliet', new Uint8Array(3));
  const expected = { messages: 2, bytes: 4, deliveries: 4, deliveredBytes: 8 };
  const counted = network.traffic.take();
  assert.deepEqual(counted.get('edge → owner'), expected);
  assert.deepEqual([...counted.keys()], ['edge → owner', 'owner → edge', 'session table']);
  assert.equal(network.traffic.take().size, 0);
});

test('a request is answered, or refused at once, or given up', async () => {
  const { time, network, edge, owner } = setUp();
  owner.subscribe('p.1.bind', ({ data, replyTo }) => data[0] === 1 && owner.publish(replyTo, new Uint8Array([9])));
  const answered = edge.request('p.1.bind', new Uint8Array([1]), 100);
  const silent = assert.rejects(edge.request('p.1.bind', new Uint8Array([2]), 100), RequestTimeoutError);
  const nobody = assert.rejects(edge.request('p.2.bind', new Uint8Array([1]), 100), NoRespondersError);
  await time.pass(1_000);
  assert.deepEqual(await answered, new Uint8Array([9]));
  await Promise.all([silent, nobody]);
  assert.equal(network.traffic.take().get('bind')?.messages, 4);
});

test('who is cut off hears and says nothing', async () => {
  const { time, network, edge, owner } = setUp();
  const got: number[] = [];
  owner.subscribe('p.1', ({ data }) => got.push(data.length));
  edge.publish('p.1', new Uint8Array(1));
  owner.cut();
  edge.publish('p.1', new Uint8Array(2));
  owner.publish('p.1', new Uint8Array(3));
  await time.pass(10);
  assert.deepEqual(got, []);
  assert.equal(network.subjects, 0);
});
