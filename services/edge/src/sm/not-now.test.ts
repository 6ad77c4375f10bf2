import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { RecordsUnavailableError } from '@starling/bus';
import { Client } from '@starling/testkit';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from '../testing/one-edge.ts';

const STREAM_ERROR = "<stream:error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
const LATE_MS = 5_000;

let world: OneEdge;
before(async () => {
  world = await startOneEdge();
});
after(() => world.stop());

async function authenticated(): Promise<Client> {
  const client = await Client.connect(world.endpoint('tcp'), DOMAIN);
  await client.negotiate();
  await client.authenticate('romeo', PASSWORD, 'PLAIN');
  await client.openStream();
  return client;
}

it('who cannot resume just now is told so by the end of the stream, and resumes the same session later', async () => {
  const home = await world.device('romeo', 'home');
  await home.manage();
  await home.destroy();
  const { records } = world;
  const put = records.put.bind(records);
  records.put = () => Promise.reject(new RecordsUnavailableError('away'));
  const early = await authenticated();
  early.send(`<resume xmlns='urn:xmpp:sm:3' previd='${home.sessionId}' h='0'/>`);
  await early.receive(STREAM_ERROR);
  await early.ended();
  records.put = put;
  const deadline = Date.now() + LATE_MS;
  for (;;) {
    const again = await authenticated();
    const outcome = await again.resume(home, 0).catch((error: unknown) => error);
    if (!(outcome instanceof Error)) break;
    assert.ok(Date.now() < deadline, outcome.message);
  }
});
