import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialize } from '@starling/xml';
import { ack, enabled, failed, readAck, readEnable, readResume, resumed, tooHigh } from './elements.ts';

const SM = "xmlns='urn:xmpp:sm:3'";

describe('XEP-0198 elements', () => {
  it('§3 a client says whether it wants to resume, and for how long', () => {
    for (const [attrs, resume, maxMs] of [
      [{}, false, undefined],
      [{ resume: 'true' }, true, undefined],
      [{ resume: '1', max: '600' }, true, 600_000],
      [{ resume: 'yes', max: '-1' }, false, undefined],
      [{ resume: 'false', max: '0' }, false, undefined],
      [{ resume: 'true', max: '99999999999999999' }, true, 10 ** 12],
    ] as const)
      assert.deepEqual(readEnable(attrs), { resume, maxMs });
  });

  it('§5 a resumption has an id and a count', () => {
    assert.deepEqual(readResume({ previd: 'x', h: '7' }), { previd: 'x', h: 7 });
    for (const bad of [{}, { previd: 'x' }, { h: '7' }, { previd: '', h: '7' }, { previd: 'x', h: '-7' }])
      assert.equal(readResume(bad), undefined);
    assert.deepEqual(
      [readAck({ h: '4294967295' }), readAck({ h: '4294967296' }), readAck({})],
      [4_294_967_295, undefined, undefined],
    );
  });

  it('what the server says', () => {
    const xml = (element: Parameters<typeof serialize>[0]) => serialize(element);
    assert.equal(xml(enabled()), `<enabled ${SM}/>`);
    assert.equal(
      xml(enabled({ id: 'q', windowMs: 240_999, location: '' })),
      `<enabled ${SM} id='q' resume='true' max='240'/>`,
    );
    assert.equal(
      xml(enabled({ id: 'q', windowMs: 1_000, location: '[::1]:5222' })),
      `<enabled ${SM} id='q' resume='true' max='1' location='[::1]:5222'/>`,
    );
    assert.equal(xml(ack(3)), `<a ${SM} h='3'/>`);
    assert.equal(xml(resumed('q', 4)), `<resumed ${SM} h='4' previd='q'/>`);
    assert.equal(
      xml(failed('item-not-found', 9)),
      `<failed ${SM} h='9'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
    );
  });

  it('§6 the example', () => {
    const error = tooHigh(10, 8);
    assert.equal(error.condition, 'undefined-condition');
    assert.equal(error.text, 'You acknowledged 10 stanzas, but I only sent you 8 so far.');
    assert.equal(error.app && serialize(error.app), `<handled-count-too-high ${SM} h='10' send-count='8'/>`);
  });
});
