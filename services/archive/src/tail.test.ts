import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Envelope, HINT, KIND } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import fc from 'fast-check';
import { Tail } from './tail.ts';
import { bodiless, isBodiless, type TailEntry } from './tail-entry.ts';
import { type EntryOptions, envelopeTo, tailEntry } from './testing/entries.ts';
import { Trimmer } from './trimmer.ts';

const ROOM = { bytesMax: 1e9, placesMax: 1e9 };
const entry = (sequence: number, owner = 'a@x', options: EntryOptions = {}): TailEntry =>
  tailEntry(owner as BareJid, sequence, options);
const sequences = (entries: readonly TailEntry[]) => entries.map((e) => e.sequence);

it('a tail keeps what is between written and read, whatever the order of pushes and drops', () => {
  const owners = ['a@x', 'b@x', 'c@x'];
  const step = fc.record({ push: fc.nat(4), drop: fc.nat(4), owner: fc.constantFrom(...owners) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 5_000, 1e9), (steps, bytesMax) => {
      const tail = new Tail({ ...ROOM, bytesMax }, 10);
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

it('a tail shows of an account that was removed that it was, and nothing from before', () => {
  const tail = new Tail(ROOM, 0);
  const removal = { kind: KIND.accountDeleted };
  tail.push(entry(1));
  tail.push(entry(2, 'a@x', removal));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [2]);
  assert.equal(tail.lastOf('a@x'), 2);
  tail.push(entry(3, 'a@x', { kind: KIND.accountCreated }));
  assert.equal(tail.lastOf('a@x'), 2);
  tail.push(entry(4));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [2, 4]);
  assert.deepEqual(sequences(tail.entriesOf('a@x', 2, 9)), [4]);
  for (const [sequence, options] of [removal, { kind: KIND.accountCreated }, {}].entries())
    tail.push(entry(5 + sequence, 'a@x', options));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [2, 5, 7]);
});

it('a tail shows readers messages and block lists, and no entries of other kinds', () => {
  const tail = new Tail(ROOM, 0);
  tail.push(entry(1, 'a@x', { kind: KIND.blocksChanged }));
  tail.push(entry(2));
  tail.push(entry(3, 'a@x', { kind: KIND.blocksChanged }));
  tail.push(entry(4, 'a@x', { kind: KIND.presence }));
  assert.deepEqual(sequences(tail.entriesOf('a@x', 0, 9)), [1, 2, 3]);
  assert.equal(tail.lastOf('a@x'), 3);
});

it('beyond its bound in bytes a tail keeps places, and what others are judged by', () => {
  const tail = new Tail({ bytesMax: 1, placesMax: 3 }, 0);
  const retraction = { hints: HINT.retraction };
  const kinds = [{}, {}, { kind: KIND.blocksChanged }, { kind: KIND.accountCreated }, retraction, {}, {}] as const;
  for (const [i, options] of kinds.entries()) tail.push(entry(i + 1, 'a@x', options));
  assert.deepEqual(
    [...tail].filter(isBodiless).map(({ sequence }) => sequence),
    [2, 6, 7],
  );
  assert.equal(tail.places, 3);
  assert.equal(tail.isFull, true);
  const [, second] = tail.peek(2, 1e9);
  assert.equal(second?.data.length, 0);
  assert.deepEqual(sequences(tail.peek(9, 1 + 2 * (second?.size ?? 0))), [1, 2]);
  tail.drop(2);
  assert.equal(tail.places, 2);
});

it('a place says the same of its entry, beside what it carries', () => {
  const whole = entry(1);
  const place = bodiless(whole);
  assert.deepEqual([isBodiless(whole), isBodiless(place), place.size], [false, true, whole.size]);
  for (const field of Object.keys(envelopeTo('a@x' as BareJid)) as (keyof Envelope)[])
    if (field !== 'stanza') assert.equal(place.envelope?.[field], whole.envelope?.[field], field);
});

it('what must keep its bytes does not grow without bound', () => {
  const tail = new Tail({ bytesMax: 5_000, placesMax: 1e9 }, 0);
  let sequence = 0;
  while (!tail.isFull) tail.push(entry(++sequence, 'a@x', { kind: KIND.blocksChanged }));
  assert.ok(tail.bytes >= 10_000 && tail.bytes < 11_000);
});

it('a batch is bounded by bytes, but never empty', () => {
  const tail = new Tail(ROOM, 0);
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
