import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePresence, statusOf } from './parse-presence.ts';

test('who, what and when', () => {
  assert.deepEqual(parsePresence(`<presence id='x' from="p1@d/r">${statusOf(7, 1_700)}</presence>`), {
    from: 'p1@d/r',
    type: '',
    number: 7,
    sentAtMs: 1_700,
  });
  assert.deepEqual(parsePresence("<presence from='p1@d/r' type='unavailable'/>"), {
    from: 'p1@d/r',
    type: 'unavailable',
    number: 0,
    sentAtMs: 0,
  });
});

test('attributes of children are not its own; other stanzas are nothing', () => {
  assert.equal(parsePresence("<presence from='a'><x type='y'/></presence>")?.type, '');
  assert.equal(parsePresence("<iq type='get'/>"), undefined);
});
