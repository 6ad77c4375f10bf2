import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seeded } from '../random.ts';
import { hourOf } from './plan.ts';
import { Radio } from './radio.ts';

describe('an hour of an idle phone', () => {
  it('has what was asked for, in order, and the same for the same seed', () => {
    const options = { contacts: 50, presences: 12, chatStates: 60, messages: 6 };
    const hour = hourOf(seeded(1), options);
    assert.deepEqual(hour, hourOf(seeded(1), options));
    assert.notDeepEqual(hour, hourOf(seeded(2), options));
    const count = (kind: string) => hour.filter((deed) => deed.kind === kind).length;
    assert.deepEqual([count('presence'), count('chat-state'), count('message')], [600, 60, 6]);
    assert.ok(hour.every(({ atMs }, i) => atMs < 3_600_000 && atMs >= (hour[i - 1]?.atMs ?? 0)));
    assert.equal(hour.filter(({ contact, kind }) => contact === 7 && kind === 'presence').length, 12);
  });

  it('wakes the radio for what comes behind its tail, not for what comes within it', () => {
    let now = 0;
    const radio = new Radio(100, () => now);
    for (const at of [0, 50, 150, 300]) {
      now = at;
      radio.hear('né');
    }
    assert.deepEqual([radio.wakeUps, radio.bytes], [2, 12]);
  });
});
