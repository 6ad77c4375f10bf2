import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeEnvelope, KIND } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import fc from 'fast-check';
import { Tail, type TailEntry } from './tail.ts';
import { type EntryOptions, envelopeTo } from './testing/entries.ts';
import { Trimmer } from './trimmer.ts';

const entry = (sequence: number, owner = 'a@x', options: EntryOptions = {}): TailEntry => {
  const envelope = envelopeTo(owner as BareJid, options);
  return { stream: 0, sequence, committedAtMs: sequence, id: envelope.id, data: encodeEnvelope(envelope), envelope };
};
const sequences = (entries: readonly TailEntry[]) => entries.map((e) => e.sequence);

it('a tail keeps what is between written and read, whatever the order of pushes and drops', () => {
  const owners = ['a@x', 'b@x', 'c@x'];
  const step = fc.record({ push: fc.nat(4), drop: fc.nat(4), owner: fc.constantFrom(...owners) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const tail = new Tail(1e9, 10);
      let next = 11;
      let model: TailEntry[] = [];
      for (const { push, drop, owner } of steps) {
        for (let i = 0; i < push; i++, next++) {
          const added = entry(next, owner);
          assert.equal(tail.push(added), true);
          model.push(added);
        }
        assert.equal(tail.push(entry(next - 1)), false);
        const upTo = model[drop - 1]?.sequence;
        if (upTo !== undefined) tail.drop(upTo);
        model = model.filter((e) => e.sequence > (upTo ?? 0));
        assert.deepEqual(sequences([...tail]), sequences(model));
        assert.deepEqual(sequences(tail.peek(3, 1e9)), sequences(model.slice(0, 3)));
        for (const o of owners) {
          const own = model.filter((e) => e.envelope?.owner === o);
          assert.deepEqual(sequences(tail.entriesOf(o, 0, 1e9)), sequences(own));
          assert.equal(tail.lastOf(o), own.at(-1)?.sequence ?? 0);
        }
        assert.equal(tail.bytes === 0, model.length === 0);
      }
    }),
    { numRuns: 200 },
  );
});

it('a tail shows nothing of an account from before its creation or removal', () => {
  const tail = new Tail(1e9, 0);
  tail.push(entry(1));
  tail.push(entry(2, 'a@x', { kind: KIND.accountDeleted }));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), []);
  tail.push(entry(3, 'a@x', { kind: KIND.accountCreated }));
  tail.push(entry(4));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [4]);
});

it('a tail shows readers messages and block lists, and no entries of other kinds', () => {
  const tail = new Tail(1e9, 0);
  tail.push(entry(1, 'a@x', { kind: KIND.blocksChanged }));
  tail.push(entry(2));
  tail.push(entry(3, 'a@x', { kind: KIND.blocksChanged }));
  tail.push(entry(4, 'a@x', { kind: KIND.presence }));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [1, 2, 3]);
  assert.equal(tail.lastOf('a@x'), 3);
});

it('a batch is bounded by bytes, but never empty', () => {
  const tail = new Tail(1e9, 0);
  for (let i = 1; i <= 3; i++) tail.push(entry(i));
  assert.deepEqual(sequences(tail.peek(10, 1)), [1]);
});

it('a trimmer gives what is old enough, once', () => {
  const trimmer = new Trimmer(10_000);
  trimmer.written(5, 0);
  trimmer.written(6, 1_000);
  trimmer.written(9, 6_000);
  assert.equal(trimmer.takeDue(9_999), undefined);
  assert.equal(trimmer.takeDue(10_000), 6);
  assert.equal(trimmer.takeDue(12_000), undefined);
  assert.equal(trimmer.takeDue(16_000), 10);
});
