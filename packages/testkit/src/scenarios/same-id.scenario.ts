import assert from 'node:assert/strict';
import { partitionOf, streamOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { scenario } from '../scenario.ts';
import type { Person } from '../scene.ts';

const STREAMS = 8;
const streamOfPerson = ({ jid }: Person) => streamOf(partitionOf(jid as BareJid), STREAMS);

// XEP-0359 §3: an origin-id is of its sender's making, and nobody else's. JetStream compares ids within a stream.
scenario(
  'one origin-id of two people, all logs on one stream: nothing is suppressed, a resend is not doubled',
  { edges: [1, 3] },
  async (scene) => {
    const { romeo } = scene;
    const others: Person[] = [];
    for (let n = 0; others.length < 2; n++) {
      const person = scene.person(`same-${n}`);
      if (streamOfPerson(person) === streamOfPerson(romeo)) others.push(person);
    }
    const [tybalt, juliet] = others as [Person, Person];
    const [home] = await romeo.devices('home');
    const [street] = await tybalt.devices('street');
    const [balcony] = await juliet.devices('balcony');
    const said = "<body>peace</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>";
    for (let round = 0; round < 2; round++) {
      for (const [from, to] of [
        [home, tybalt],
        [street, romeo],
        [home, juliet],
        [street, juliet],
      ] as const)
        from.sendXml(`<message to='${to.jid}' type='chat' id='m1'>${said}</message>`);
      for (const client of [home, street]) await client.ping();
    }
    await home.receives`<message from='${street.jid}' id='m1'/>`;
    await street.receives`<message from='${home.jid}' id='m1'/>`;
    const senders = (await balcony.messages(2)).map((message) => message.attrs.from);
    assert.deepEqual([...senders].sort(), [home.jid, street.jid].sort());
    for (const client of [home, street, balcony]) await client.receivesNothing();
  },
);
