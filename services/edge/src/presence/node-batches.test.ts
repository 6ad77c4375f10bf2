import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus } from '@starling/bus';
import { decodeNodeBatch, type NodeBatch, type Probe } from '@starling/contracts';
import { NodeBatches } from './node-batches.ts';
import type { PresenceOwners } from './owners.ts';

const MESSAGE_BYTES_MAX = 1024 * 1024;
const node = { id: 'n', incarnation: 'i' };
const owners = { ownerOf: () => node, nodes: [node], epoch: 1 } as unknown as PresenceOwners;
const probe = (id: string): Probe => ({
  ...{ prober: 'a@localhost/x', edge: 'e', targets: ['b@localhost'], asked: true, id, shown: false },
});

function world() {
  const sent: NodeBatch[] = [];
  const logged: unknown[] = [];
  const bus = new MemoryBus();
  bus.publish = (_, data) => {
    if (data.length > MESSAGE_BYTES_MAX) throw new RangeError(`${data.length} bytes do not fit in a message`);
    sent.push(decodeNodeBatch(data));
  };
  const log = { error: (line: unknown) => void logged.push(line) } as never;
  return { sent, logged, batches: new NodeBatches({ bus, edge: 'e', incarnation: () => 'x', owners, log }) };
}

test('what clients decide upon is counted: no batch is larger than a message', () => {
  const { sent, logged, batches } = world();
  for (let n = 0; n < 10; n++) batches.probe(1, probe('x'.repeat(240_000)));
  batches.flush();
  assert.equal(logged.length, 0);
  assert.equal(sent.flatMap(({ probes }) => probes).length, 10);
});

test('what no message holds is told in the log, and its number is taken: the node sees that it missed something', () => {
  const { sent, logged, batches } = world();
  batches.probe(1, probe('x'.repeat(MESSAGE_BYTES_MAX)));
  batches.flush();
  batches.probe(1, probe('y'));
  batches.flush();
  assert.equal(logged.length, 1);
  assert.deepEqual(
    sent.map(({ sequence, probes }) => [sequence, probes.length]),
    [[2, 1]],
  );
});
