import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { personal } from '@starling/contracts';
import { hostOne } from '@starling/feature-api/testing/host-one';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import vcardTemp, { NS } from './vcard-temp.ts';

const EMPTY = el('vCard', NS.vcard);

describe('vcard-temp', () => {
  const stored = new Map<string, Uint8Array>();
  const { iq, asked } = hostOne(vcardTemp, {
    answers: {
      [personal.vcard.subject]: ({ user }: { user: string }) => ({ xml: stored.get(user) ?? new Uint8Array(0) }),
      [personal.setVcard.subject]: ({ user, xml }: { user: string; xml: Uint8Array }) => {
        stored.set(user, xml);
        return {};
      },
    },
  });

  it('§3.1 no vCard of one’s own is item-not-found, of others §3.3 service-unavailable', async () => {
    assert.equal(await iq('get', '', EMPTY), 'item-not-found');
    assert.equal(await iq('get', 'jer@localhost', EMPTY), 'service-unavailable');
    assert.equal(await iq('get', 'localhost', EMPTY), 'service-unavailable', 'the server has none');
  });

  it('§3.2 comes back whole, to oneself and §3.3 to others', async () => {
    const card = el('vCard', NS.vcard, { version: '3.0' }, el('FN', NS.vcard, {}, 'Peter <Saint-Andre>'));
    assert.equal(await iq('set', '', card), undefined);
    stored.set('jer@localhost', stored.get('romeo@localhost') ?? new Uint8Array(0));
    for (const to of ['', 'romeo@localhost', 'jer@localhost']) {
      const answer = await iq('get', to, EMPTY);
      assert.ok(typeof answer === 'object', to);
      assert.equal(serialize(answer), serialize(card), to);
    }
    assert.deepEqual(asked.at(-1)?.request, { user: 'jer@localhost', asker: 'romeo@localhost/orchard' });
  });

  it('§3.2 nobody writes another one’s', async () => {
    const before = asked.length;
    assert.equal(await iq('set', 'jer@localhost', EMPTY), 'forbidden');
    assert.equal(asked.length, before);
  });
});
