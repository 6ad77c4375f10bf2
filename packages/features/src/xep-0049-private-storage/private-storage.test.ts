import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PrivateXml, personal } from '@starling/contracts';
import { hostOne } from '@starling/feature-api/testing/host-one';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import privateStorage from './private-storage.ts';
import { NS } from './request.ts';

const query = (...children: Parameters<typeof el>[3][]) => el('query', NS.private, {}, ...children);
const prefs = (...children: Parameters<typeof el>[3][]) => el('exodus', 'exodus:prefs', {}, ...children);

describe('private XML', () => {
  const stored = new Map<string, Uint8Array>();
  const { iq, asked } = hostOne(privateStorage, {
    answers: {
      [personal.privateXml.subject]: ({ ns, name }: { ns: string; name: string }) => ({
        xml: stored.get(`${ns} ${name}`) ?? new Uint8Array(0),
      }),
      [personal.setPrivateXml.subject]: ({ elements }: { elements: PrivateXml[] }) => {
        for (const { ns, name, xml } of elements) stored.set(`${ns} ${name}`, xml);
        return {};
      },
    },
  });

  it('§3 comes back as it was stored', async () => {
    const nick = el('defaultnick', 'exodus:prefs', { 'xml:lang': 'en' }, 'Hamlet & <co>');
    assert.equal(await iq('set', '', query(prefs(nick))), undefined);
    const answer = await iq('get', '', query(prefs()));
    assert.ok(typeof answer === 'object');
    assert.equal(serialize(answer), serialize(query(prefs(nick))));
  });

  it('§3 what was never stored is empty', async () => {
    const answer = await iq('get', 'romeo@localhost', query(el('storage', 'storage:bookmarks')));
    assert.ok(typeof answer === 'object');
    assert.equal(serialize(answer), serialize(query(el('storage', 'storage:bookmarks'))));
  });

  it('§4 the conditions', async () => {
    const before = asked.length;
    assert.equal(await iq('get', '', query()), 'bad-request');
    assert.equal(await iq('set', '', query()), 'not-acceptable');
    assert.equal(await iq('get', '', query(prefs(), el('other', 'urn:other'))), 'not-acceptable');
    assert.equal(await iq('set', '', query(el('own', NS.private))), 'not-acceptable');
    assert.equal(await iq('get', 'hamlet@localhost', query(prefs())), 'forbidden');
    assert.equal(await iq('set', 'hamlet@localhost', query(prefs())), 'forbidden');
    assert.equal(await iq('get', 'localhost', query(prefs())), 'service-unavailable');
    assert.equal(asked.length, before, 'nobody was asked');
  });
});
