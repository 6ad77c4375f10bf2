import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { authenticate2, authenticateXml, tokenIn, tokenMessage } from '../sasl2.ts';
import { scenario } from '../scenario.ts';
import type { Scene } from '../scene.ts';
import { childOf, showElement } from '../show-element.ts';
import type { World } from '../world.ts';

const FAST = 'urn:xmpp:fast:0';
const BIND = 'urn:xmpp:bind:0';
const SM = 'urn:xmpp:sm:3';
const MECHANISM = 'HT-SHA-256-EXPR';
/** Services look after their tables now and then: what happens in the same moment is no cost of a login. */
const ATTEMPTS = 8;

/** SQL statements and transactions of all services so far. */
async function statementsOf(world: World): Promise<number> {
  let sum = 0;
  for (const { service, admin } of world.ready.processes) {
    if (admin === undefined || service === 'edge') continue;
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    for (const line of text.split('\n')) {
      const [, value] = /^starling_db_(?:query|transaction)_seconds_count(?:\{.*\})? (\S+)$/.exec(line) ?? [];
      if (value !== undefined) sum += Number(value);
    }
  }
  return sum;
}

/** A phone with a token and a session that can be resumed, cut off. */
async function phoneAway({ romeo, connect }: Scene) {
  const client = randomUUID();
  const phone = await connect({ edge: 0 });
  await phone.negotiate(romeo.jid);
  const inline =
    `<bind xmlns='${BIND}'><tag>phone</tag><enable xmlns='${SM}' resume='true'/></bind>` +
    `<request-token xmlns='${FAST}' mechanism='${MECHANISM}'/>`;
  const success = await authenticate2(phone, {
    ...{ username: romeo.username, secret: romeo.password, mechanism: 'SCRAM-SHA-256', client, inline },
  });
  const previd = childOf(childOf(success, 'bound', BIND), 'enabled', SM)?.attrs.id;
  const token = tokenIn(success)?.token;
  assert.ok(previd && token);
  // Whom he has blocked, and what he does not want archived, is known where he comes back.
  await phone.sends`<iq type='set' id='b1'><block xmlns='urn:xmpp:blocking'><item jid='tybalt@example.com'/></block></iq>`;
  await phone.receives`<iq type='result' id='b1'/>`;
  await phone.sends`<iq type='set' id='p1'><prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never><jid>nurse@example.com</jid></never></prefs></iq>`;
  await phone.receives`<iq type='result' id='p1'/>`;
  await phone.sends`<presence/>`;
  await phone.receives`<presence from='${phone.jid}'/>`;
  return { client, phone, previd, token };
}

scenario(
  'design §4: a phone is back in one round trip behind TLS, with its session, on another edge, and without SQL',
  { edges: [3], transports: ['tls'], ownWorld: true, timeoutMs: 120_000 },
  async (scene) => {
    const { romeo, juliet, world, connect } = scene;
    await romeo.register();
    const balcony = await juliet.device('balcony', { edge: 1 });
    const { client, phone, previd, token } = await phoneAway(scene);
    let h = 3; // two answers, and its own presence
    await phone.destroy();
    const costs: number[] = [];
    for (let count = 1; count <= ATTEMPTS && !costs.includes(0); count++) {
      await balcony.sends`<message to='${romeo.jid}' type='chat'><body>${`number ${count}`}</body></message>`;
      await balcony.ping();
      // What was written for that is no cost of the login.
      await new Promise((resolve) => setTimeout(resolve, 700));
      const again = await connect({ edge: count });
      const before = await statementsOf(world);
      const login = {
        ...({ username: romeo.username, secret: token, mechanism: MECHANISM, client } as const),
        inline: `<resume xmlns='${SM}' h='${h}' previd='${previd}'/><fast xmlns='${FAST}' count='${count}'/>`,
      };
      const head = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='${romeo.jid}' to='${world.domain}' version='1.0'>`;
      const sent = head + authenticateXml(login, tokenMessage(login, again.channel.binding('tls-exporter')));
      again.send(sent);
      await again.receives`<success xmlns='urn:xmpp:sasl:2'><resumed xmlns='urn:xmpp:sm:3' previd='${previd}'/></success>`;
      await again.receives`<message><body>${`number ${count}`}</body></message>`;
      costs.push((await statementsOf(world)) - before);
      h++;
      again.handled = h;
      again.acknowledge();
      await again.ping();
      h++; // the answer to the ping
      if (count === 1) {
        console.log(`client, ${sent.length} bytes: ${sent}`);
        for (const element of again.history.slice(0, 4)) console.log(`server: ${showElement(element)}`);
      }
      await again.destroy();
    }
    console.log(`SQL statements of all services at each return: ${costs.join(', ')}`);
    assert.ok(costs.includes(0), `a return costs SQL: ${costs.join(', ')}`);
    assert.ok(!balcony.has(`<presence type='unavailable'/>`));
  },
);
