import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArchiveIds } from '@starling/contracts';
import { configSpec, int } from '@starling/runtime';
import { el } from '@starling/stanza';
import { type AnyFeature, defineFeature, type Feature } from './define-feature.ts';
import { Disco } from './disco.ts';
import { type HostServices, hostFeatures } from './host-features.ts';
import type { Session } from './session.ts';
import { sessionSlot } from './session.ts';

const services: HostServices = {
  domain: 'localhost',
  software: { name: 'Starling', version: '0' },
  stanzaBytesMax: 10_000,
  archives: { ids: new ArchiveIds('of a test, and long enough'), streamOf: () => 0, wasRead: () => undefined },
  configOf: () => ({}),
  call: () => Promise.reject(new Error('nobody to ask')),
  wishes: {
    blocks: () => Promise.reject(new Error('nobody to ask')),
    preferences: () => Promise.reject(new Error('nobody to ask')),
  },
  sessionsOf: async () => [],
  tellSession: () => undefined,
  makeKeys: async () => [],
  onHookFailure: (failure) => assert.fail(String(failure.error)),
};

const feature = (name: string, more: Partial<Feature> = {}): AnyFeature =>
  defineFeature({ name, runsOn: ['edge'], disco: {}, config: configSpec({}), setup: () => undefined, ...more });

describe('hostFeatures', () => {
  it('sets up what runs on this host, each with its own configuration', () => {
    const config = configSpec({ max: int('STARLING_MAX', 3, {}, 'a bound') });
    let got = 0;
    const limits = defineFeature({
      ...{ name: 'limits', runsOn: ['edge'] as const, disco: {}, config },
      setup: ({ config: own, domain }) => {
        assert.equal(domain, 'localhost');
        got = own.max;
      },
    });
    const elsewhere = feature('elsewhere', { runsOn: [], setup: () => assert.fail('not here') });
    hostFeatures('edge', [limits, elsewhere], {
      ...services,
      configOf: (name) => (name === 'limits' ? { max: 7 } : {}),
    });
    assert.equal(got, 7);
  });

  it('collects hooks, requests, stream features and disco', () => {
    const ping = feature('ping', {
      disco: { server: ['urn:ping'], account: ['urn:ping'] },
      setup: ({ iq, on, http, streamFeature, disco, whenSetUp }) => {
        iq.get('urn:ping', 'ping', ['server'], () => undefined);
        iq.set('urn:ping', 'ping', ['server'], () => undefined);
        iq.onStream('get', 'urn:ping', 'ping', () => undefined);
        on('session:bound', 'observe', () => 'handled');
        http.route('/ping', () => ({ status: 204, headers: {}, body: '' }));
        streamFeature('before-auth', el('ping', 'urn:ping'));
        streamFeature('after-auth', el('pong', 'urn:ping'));
        assert.deepEqual(disco.server.features, ['urn:other', 'urn:ping'], 'also of features that are set up later');
        whenSetUp(() => disco.nodes.server.add('ping', disco.server));
      },
    });
    const form = { type: 'urn:form', fields: [] };
    const other = feature('other', {
      disco: { server: ['urn:other', 'urn:ping'] },
      setup: ({ disco }) => disco.addForm('server', form),
    });
    const hosted = hostFeatures('edge', [ping, other], services);
    assert.ok(hosted.iqs.find('get', 'urn:ping', 'ping', 'server'));
    assert.ok(hosted.iqs.find('set', 'urn:ping', 'ping', 'server'));
    assert.ok(hosted.iqs.findForStream('get', 'urn:ping', 'ping'));
    assert.equal(hosted.http.find('/ping')?.({ headers: {} }).status, 204);
    assert.equal(hosted.hooks.run('session:bound', { session: {} as Session }), 'handled');
    assert.deepEqual(hosted.streamFeatures, {
      'before-auth': [el('ping', 'urn:ping')],
      'after-auth': [el('pong', 'urn:ping')],
    });
    assert.deepEqual(hosted.disco.account.features, ['urn:ping']);
    assert.deepEqual(hosted.disco.nodes.server.find('ping')?.forms, [form], 'set up behind all features');
    assert.equal(hosted.disco.nodes.account.find('ping'), undefined);
  });

  it('limits are the host’s bound and the shortest silence of all features, also of those that are set up later', () => {
    const seen: unknown[] = [];
    const teller = feature('teller', {
      setup: ({ limits, whenSetUp }) => {
        seen.push(limits.idleMs);
        whenSetUp(() => seen.push(limits.stanzaBytesMax, limits.idleMs));
      },
    });
    const closes = (name: string, idleMs: number) => feature(name, { setup: ({ limits }) => limits.addIdle(idleMs) });
    hostFeatures('edge', [teller, closes('soon', 2_000), closes('late', 3_000)], services);
    assert.deepEqual(seen, [undefined, 10_000, 2_000]);
  });

  it('two that claim the same thing, or one name, are refused', () => {
    const claims = (name: string) =>
      feature(name, { setup: ({ iq }) => iq.get('urn:x', 'query', ['server'], () => undefined) });
    assert.throws(() => hostFeatures('edge', [claims('a'), claims('b')], services), /two handlers/);
    assert.throws(() => hostFeatures('edge', [feature('a'), feature('a')], services), /two features of one name/);
  });

  it('the order of hooks is checked against all features, also those of other hosts', () => {
    const after = (name: string, other: string) =>
      feature(name, { setup: ({ on }) => on('client:stanza', 'guard', () => 'next', [other]) });
    hostFeatures('edge', [after('a', 'elsewhere'), feature('elsewhere', { runsOn: [] })], services);
    assert.throws(() => hostFeatures('edge', [after('a', 'nowhere')], services), /no feature nowhere/);
  });
});

describe('disco (XEP-0030)', () => {
  it('features are sorted and once, so that they hash equally on every edge', () => {
    const info = new Disco([{ server: ['b', 'a'] }, { server: ['a', 'c'], account: ['z'] }, {}]);
    assert.deepEqual(info.server.features, ['a', 'b', 'c']);
    assert.deepEqual(info.account.features, ['z']);
    assert.deepEqual(info.server.identities, [{ category: 'server', type: 'im', name: 'Starling' }]);
    assert.deepEqual(info.account.identities, [{ category: 'account', type: 'registered' }]);
  });

  it('a node has one answer', () => {
    const { nodes, server } = new Disco([]);
    nodes.server.add('n', server);
    assert.throws(() => nodes.server.add('n', server), /two answers for the node n/);
  });
});

describe('sessionSlot', () => {
  it('is what an untouched session has, until it is set; also to undefined', () => {
    const slot = sessionSlot<number | undefined>('test', 1);
    const [one, two] = [{ slots: new Map() }, { slots: new Map() }] as unknown as [Session, Session];
    assert.equal(slot.get(one), 1);
    slot.set(one, 5);
    assert.deepEqual([slot.get(one), slot.get(two)], [5, 1]);
    slot.set(one, undefined);
    assert.equal(slot.get(one), undefined);
  });
});
