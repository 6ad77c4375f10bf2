// An edge and its presence, against a presence node that does what the test says.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Emission, type Probe, partitionOf, SESSION_STATE, type SessionEvent } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Client } from '@starling/testkit';
import { DOMAIN, type OneEdge, startOneEdge } from '../testing/one-edge.ts';

const WAIT_MS = 5_000;
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const bare = (name: string) => `${name}@${DOMAIN}` as BareJid;

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await pause(5);
  }
}

describe('presence at the edge', () => {
  let world: OneEdge;
  before(async () => {
    world = await startOneEdge({
      env: {
        STARLING_PRESENCE_DIGEST_INTERVAL: '100ms',
        STARLING_PRESENCE_REPAIR_INTERVAL: '1h',
        STARLING_BIND_TIMEOUT: '400ms',
      },
    });
  });
  after(() => world.stop());
  afterEach(() => {
    world.presence.learning = false;
    world.presence.full = false;
    world.presence.visible = false;
  });

  const events = (user: string): readonly SessionEvent[] =>
    world.presence.batches.flatMap((b) => b.events).filter((e) => e.user === bare(user));
  const nurse = (stamp: number, more: Partial<Emission> = {}): Emission => ({
    ...{ from: 'nurse@localhost/home', stamp, unavailable: false, toSeen: false, always: false },
    to: [bare('romeo')],
    presence: Buffer.from(` from="nurse@localhost/home"><status>${stamp}</status></presence>`),
    ...more,
  });
  const nurseGone = (stamp: number, more: Partial<Emission> = {}): Emission =>
    nurse(stamp, {
      unavailable: true,
      presence: Buffer.from(` from="nurse@localhost/home" type="unavailable"/>`),
      ...more,
    });
  const show = (...emissions: Emission[]) => world.presence.send(world.id, { emissions });

  it('RFC 6121 §4.2 what a client says of itself goes to its owner, stamped', async () => {
    const romeo = await world.online('romeo', 'a');
    await romeo.sends`<presence id='p2'><show>away</show><priority>5</priority></presence>`;
    await romeo.receives`<presence from='${romeo.jid}' to='${bare('romeo')}' id='p2'><show>away</show><priority>5</priority></presence>`;
    await romeo.sends`<presence type='unavailable'><status>gone</status></presence>`;
    await romeo.receives`<presence type='unavailable' from='${romeo.jid}'><status>gone</status></presence>`;
    await romeo.close();
    await until(() => events('romeo').some((e) => e.ended), 'the end is told');
    const all = events('romeo');
    assert.deepEqual(
      all.map((e) => [e.state, e.priority, e.ended]),
      [
        [SESSION_STATE.available, 0, false],
        [SESSION_STATE.available, 5, false],
        [SESSION_STATE.connected, 0, false],
        [SESSION_STATE.connected, 0, true],
      ],
    );
    const stamps = all.map((e) => e.stamp);
    assert.deepEqual(
      stamps,
      [...new Set(stamps)].sort((a, b) => a - b),
      'stamps rise',
    );
    assert.ok((stamps[0] ?? 0) >= (all[0]?.boundAt ?? 0));
  });

  it('RFC 6121 §4.7 what a client may not say is bad-request, and nobody is told', async () => {
    const romeo = await world.online('romeo', 'b');
    const before = events('romeo').length;
    for (const [i, wrong] of [
      '<show>online</show>',
      '<show>away</show><show>away</show>',
      '<priority>128</priority>',
      '<status/><status/>',
    ].entries()) {
      romeo.sendXml(`<presence id='w${i}'>${wrong}</presence>`);
      await romeo.receives`<presence type='error' id='w${i}'><error type='modify'><bad-request xmlns='${STANZAS}'/></error></presence>`;
    }
    romeo.sendXml(`<presence id='w9' type='weird'/>`);
    await romeo.receives`<presence type='error' id='w9'><error type='modify'><bad-request xmlns='${STANZAS}'/></error></presence>`;
    assert.equal(events('romeo').length, before);
    await romeo.close();
  });

  it('presence of others comes once, newest first in time, to who is available', async () => {
    const [romeo, silent] = [await world.online('romeo', 'c'), await world.device('romeo', 'silent')];
    show(nurse(10), nurse(10), nurse(9), nurse(11));
    await romeo.receives`<presence from='nurse@localhost/home' to='${bare('romeo')}'><status>10</status></presence>`;
    await romeo.receives`<presence from='nurse@localhost/home'><status>11</status></presence>`;
    show(nurseGone(11), nurseGone(11), nurse(10));
    await romeo.receives`<presence from='nurse@localhost/home' type='unavailable'/>`;
    await romeo.receivesNothing();
    await silent.receivesNothing();
    show(nurse(12, { to: [silent.jid] }));
    await silent.receivesNothing();
    show(nurse(12, { to: [silent.jid], always: true }));
    await silent.receives`<presence from='nurse@localhost/home' to='${bare('romeo')}'><status>12</status></presence>`;
    await romeo.receivesNothing();
    await Promise.all([romeo.close(), silent.close()]);
  });

  it('who was not available and is again is shown everything again', async () => {
    const romeo = await world.online('romeo', 'd');
    show(nurse(10));
    await romeo.receives`<presence from='nurse@localhost/home'/>`;
    await romeo.sends`<presence type='unavailable'/>`;
    await romeo.receives`<presence type='unavailable' from='${romeo.jid}'/>`;
    await romeo.sends`<presence/>`;
    await romeo.receives`<presence from='${romeo.jid}'/>`;
    show(nurse(10, { to: [romeo.jid] }));
    await romeo.receives`<presence from='nurse@localhost/home'/>`;
    await romeo.close();
  });

  it('RFC 6121 §4.6 directed presence reaches whom it is for, and the owner knows to whom', async () => {
    const [romeo, juliet] = [await world.online('romeo', 'e'), await world.online('juliet', 'e')];
    await romeo.sends`<presence to='${juliet.jid}'><status>hi</status></presence>`;
    await juliet.receives`<presence from='${romeo.jid}' to='${juliet.jid}'><status>hi</status></presence>`;
    await until(() => events('romeo').at(-1)?.directed.join() === juliet.jid, 'the owner knows');
    const { length } = events('romeo');
    await romeo.sends`<presence to='${juliet.jid}'><status>again</status></presence>`;
    await juliet.receives`<presence from='${romeo.jid}'><status>again</status></presence>`;
    assert.equal(events('romeo').length, length, 'that is no news to the owner');
    await romeo.sends`<presence type='unavailable' to='${juliet.jid}'/>`;
    await juliet.receives`<presence type='unavailable' from='${romeo.jid}' to='${juliet.jid}'/>`;
    await until(() => events('romeo').at(-1)?.directed.length === 0, 'the owner knows that, too');
    await Promise.all([romeo.close(), juliet.close()]);
  });

  it('RFC 6121 §4.3 a client’s own probe goes to the owner of whom it asks about', async () => {
    const romeo = await world.online('romeo', 'f');
    await romeo.sends`<presence type='probe' id='ask' to='nurse@localhost'/>`;
    const probes = () => world.presence.batches.flatMap((b) => b.probes);
    await until(() => probes().length > 0, 'a probe');
    assert.deepEqual(JSON.parse(JSON.stringify(probes().at(-1))), {
      ...{ prober: romeo.jid, edge: world.id, targets: ['nurse@localhost'], asked: true, id: 'ask' },
    });
    await romeo.close();
  });

  it('RFC 6121 §3.1.3 a request that waits comes to the resource that has become available', async () => {
    const [romeo, silent] = [await world.online('romeo', 'g'), await world.device('romeo', 'silent')];
    const stanza = Buffer.from(`<presence type="subscribe" from="nurse@localhost" to="${bare('romeo')}"/>`);
    world.presence.send(world.id, { requests: [silent.jid, romeo.jid].map((to) => ({ to, stanza })) });
    await romeo.receives`<presence type='subscribe' from='nurse@localhost'/>`;
    await silent.receivesNothing();
    await Promise.all([romeo.close(), silent.close()]);
  });

  it('a bind waits for its owner, but not for ever', async () => {
    world.presence.learning = true;
    const late = world.device('romeo', 'late');
    await pause(150);
    world.presence.learning = false;
    await (await late).close();
    world.presence.learning = true;
    await assert.rejects(world.device('romeo', 'never'), /resource-constraint/);
    world.presence.learning = false;
    world.presence.full = true;
    await assert.rejects(world.device('romeo', 'full'), /resource-constraint/);
  });

  it('RFC 6120 §7.7.2.2 the newer holder of a resource wins', async () => {
    const older = await world.online('romeo', 'same');
    const newer = await world.device('romeo', 'same');
    await older.receives`<error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
    await newer.ping();
    await newer.close();
  });

  it('RFC 6121 §8.5.3.1 an iq goes to a resource only when its sender may know of it', async () => {
    const [romeo, juliet] = [await world.online('romeo', 'h'), await world.online('juliet', 'h')];
    await romeo.sends`<iq type='get' id='q1' to='${juliet.jid}'><x xmlns='urn:x'/></iq>`;
    await romeo.receives`<iq type='error' id='q1' from='${juliet.jid}'><error type='cancel'><service-unavailable xmlns='${STANZAS}'/></error></iq>`;
    await juliet.receivesNothing();
    world.presence.visible = true;
    await romeo.sends`<iq type='get' id='q2' to='${juliet.jid}'><x xmlns='urn:x'/></iq>`;
    await juliet.receives`<iq type='get' id='q2' from='${romeo.jid}'/>`;
    world.presence.visible = false;
    await romeo.sends`<iq type='get' id='q3' to='${juliet.jid}'><x xmlns='urn:x'/></iq>`;
    await juliet.receives`<iq type='get' id='q3' from='${romeo.jid}'/>`;
    await juliet.sends`<iq type='result' id='q2' to='${romeo.jid}'><y xmlns='urn:x'/></iq>`;
    await romeo.receives`<iq type='result' id='q2' from='${juliet.jid}'><y xmlns='urn:x'/></iq>`;
    world.presence.visible = true;
    await romeo.sends`<iq type='get' id='q4' to='${bare('juliet')}/nowhere'><x xmlns='urn:x'/></iq>`;
    await romeo.receives`<iq type='error' id='q4'><error type='cancel'><service-unavailable xmlns='${STANZAS}'/></error></iq>`;
    await romeo.sends`<iq type='get' id='q5' to='${bare('nobody')}/x'><x xmlns='urn:x'/></iq>`;
    await romeo.receives`<iq type='error' id='q5'><error type='cancel'><service-unavailable xmlns='${STANZAS}'/></error></iq>`;
    await Promise.all([romeo.close(), juliet.close()]);
  });

  describe('healing (ADR 7)', () => {
    const states = () => world.presence.batches.flatMap((b) => b.states);
    const seen = () => world.presence.batches.flatMap((b) => b.seen);
    let romeo: Client;
    const partition = partitionOf(bare('romeo'));

    before(async () => {
      romeo = await world.online('romeo', 'z');
    });
    after(() => romeo.close());

    it('a node asks for a partition and gets its sessions', async () => {
      const { length } = states();
      world.presence.send(world.id, { wanted: [partition] });
      await until(() => states().length > length, 'a state');
      const state = states().at(-1);
      assert.deepEqual(
        [state?.partition, state?.first, state?.last, state?.missed, state?.sessions.map((s) => s.resource)],
        [partition, true, true, true, ['z']],
      );
    });

    it('a hole in the numbers of a node: all states, and what was shown is asked for', async () => {
      show(nurse(20));
      await romeo.receives`<presence from='nurse@localhost/home'/>`;
      const { length } = states();
      world.presence.send(world.id, { sequence: 1_000 });
      await until(() => states().length >= length + 256, 'all states');
      await until(() => seen().some((s) => s.from === 'nurse@localhost/home' && s.stamp === 20), 'what was shown');
      assert.ok(
        states()
          .slice(length)
          .every((s) => s.missed),
      );
      // The answer to it ends the ghost, and only for who has seen it.
      show(nurseGone(20, { to: [], toSeen: true }));
      await romeo.receives`<presence type='unavailable' from='nurse@localhost/home'/>`;
    });

    it('the numbers and the hash of a partition are told again and again', async () => {
      const digests = () => world.presence.batches.flatMap((b) => b.digests).filter((d) => d.partition === partition);
      const { length } = digests();
      await until(() => digests().length > length + 1, 'digests');
      assert.equal(digests().at(-1)?.sessions, 1);
      const before = digests().at(-1)?.hash;
      await romeo.sends`<presence/>`;
      await romeo.receives`<presence from='${romeo.jid}'/>`;
      await until(() => digests().at(-1)?.hash !== before, 'another hash');
    });

    it('a session that is there contradicts who says that it has gone, above his stamp', async () => {
      const stamp = Date.now() + 1_000;
      const gone = Buffer.from(` from="${romeo.jid}" type="unavailable"/>`);
      show(nurse(stamp, { from: romeo.jid, unavailable: true, presence: gone }));
      await romeo.receives`<presence type='unavailable' from='${romeo.jid}'/>`;
      await romeo.receives`<presence from='${romeo.jid}'/>`;
      assert.equal(events('romeo').at(-1)?.stamp, stamp + 1);
    });

    it('what comes from an incarnation that is not in the document is dropped', async () => {
      world.presence.send(world.id, { incarnation: 'old', emissions: [nurse(30)] });
      show(nurse(31));
      await romeo.receives`<presence from='nurse@localhost/home'><status>31</status></presence>`;
      await romeo.receivesNothing();
      assert.ok((await world.metric('starling_edge_presence_batches_total', 'void')) > 0);
    });
  });
});

describe('what no number shows (ADR 7)', () => {
  let world: OneEdge;
  before(async () => {
    world = await startOneEdge({
      env: { STARLING_PRESENCE_DIGEST_INTERVAL: '100ms', STARLING_PRESENCE_REPAIR_INTERVAL: '1s' },
    });
  });
  after(() => world.stop());

  it('the node gets a batch with every digest, so that it sees whether it has lost the last one', async () => {
    const { batches } = world.presence;
    const { length } = batches;
    await until(() => batches.length > length + 2, 'batches, though nobody is there');
    const numbers = batches.map((b) => b.sequence);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
  });

  it('every partition has its turn: its sessions are told, and what was shown of its users is asked for', async () => {
    const romeo = await world.online('romeo', 'a');
    const from = 'nurse@localhost/home';
    world.presence.send(world.id, {
      emissions: [
        {
          ...{ from, stamp: 10, unavailable: false, toSeen: false, always: false, to: [bare('romeo')] },
          presence: Buffer.from(` from="${from}"/>`),
        },
      ],
    });
    await romeo.receives`<presence from='${from}'/>`;
    const { length } = world.presence.batches;
    const later = () => world.presence.batches.slice(length);
    const told = () => new Set(later().flatMap((b) => b.states.filter((s) => s.missed).map((s) => s.partition)));
    await until(() => told().size === 256, 'all partitions');
    await until(() => later().some((b) => b.seen.some((s) => s.from === from && s.stamp === 10)), 'what was shown');
    const asks = ({ prober, targets, shown }: Probe) =>
      shown && prober === romeo.jid && targets.join() === 'nurse@localhost';
    await until(() => later().some((b) => b.probes.some(asks)), 'whether it may be seen');
    await romeo.close();
  });
});
