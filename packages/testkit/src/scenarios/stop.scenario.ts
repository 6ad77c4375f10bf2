import assert from 'node:assert/strict';
import { scenario } from '../scenario.ts';
import { OwnWorld } from '../world.ts';

const SYSTEM_SHUTDOWN = "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
/** RFC 6455 §7.4.1: service restart. */
const WS_RESTART = 1012;

scenario(
  'RFC 6120 §4.9.3.20 who is connected when everything stops is told system-shutdown',
  { edges: [1], ownWorld: true },
  async ({ romeo, world, transport }) => {
    const client = await romeo.device('late');
    assert.ok(world instanceof OwnWorld);
    const stopped = world.stop();
    if (transport === 'ws') {
      assert.equal((await client.ended()).code, WS_RESTART);
    } else {
      await client.receive(SYSTEM_SHUTDOWN);
      assert.equal((await client.ended()).endTag, true);
    }
    await stopped;
  },
);

scenario(
  'one edge of three stops: its clients are told, the others chat on',
  // Over TCP survival.scenario.ts plays it.
  { edges: [3], ownWorld: true, transports: ['ws'] },
  async ({ romeo, juliet, nurse, world, transport }) => {
    const [leaving, staying, other] = [
      await romeo.device('a', { edge: 0 }),
      await juliet.device('b', { edge: 1 }),
      await nurse.device('c', { edge: 2 }),
    ];
    const [edge] = world.edges;
    assert.ok(edge);
    process.kill(edge.pid, 'SIGTERM');
    if (transport === 'ws') assert.equal((await leaving.ended()).code, WS_RESTART);
    else await leaving.receive(SYSTEM_SHUTDOWN);
    await staying.sends`<message to='${nurse.jid}' type='chat'><body>what was that?</body></message>`;
    await other.receives`<message><body>what was that?</body></message>`;
    const again = await romeo.device('a', { edge: 1 });
    await staying.sends`<message to='${romeo.jid}' type='chat'><body>welcome back</body></message>`;
    await again.receives`<message><body>welcome back</body></message>`;
  },
);
