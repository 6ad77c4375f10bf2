import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldPresence } from './held-presence.ts';

const bytes = (text: string) => Buffer.from(text);
const text = (stanzas: readonly Uint8Array[]) => stanzas.map((stanza) => Buffer.from(stanza).toString());

describe('what an inactive client does not get', () => {
  it('the newest presence of each address, in the order in which they came', () => {
    const held = new HeldPresence(10);
    for (const stanza of [
      "<presence from='a@b/1'/>",
      "<presence from='c@d/1'/>",
      "<presence from='a@b/1'><show>away</show></presence>",
      "<presence from='c@d/1' type='unavailable'/>",
    ])
      assert.ok(held.takes(bytes(stanza)));
    assert.deepEqual([[...held.addresses()], held.has('c@d/1'), held.has('x@y')], [['a@b/1', 'c@d/1'], true, false]);
    assert.deepEqual(text(held.release()), [
      "<presence from='a@b/1'><show>away</show></presence>",
      "<presence from='c@d/1' type='unavailable'/>",
    ]);
    assert.deepEqual(held.release(), []);
  });

  it('chat states are dropped, all else is for now', () => {
    const held = new HeldPresence(10);
    assert.ok(held.takes(bytes("<message><active xmlns='http://jabber.org/protocol/chatstates'/></message>")));
    assert.ok(!held.takes(bytes('<message><body>x</body></message>')));
    assert.deepEqual(held.release(), []);
  });

  it('at its bound presence goes out with all that waits', () => {
    const held = new HeldPresence(1);
    assert.ok(held.takes(bytes("<presence from='a@b/1'/>")));
    assert.ok(!held.takes(bytes("<presence from='a@b/2'/>")));
  });
});
