import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  befriend,
  type Client,
  type LocalSystem,
  login,
  Postgres,
  RefusedError,
  registerAccount,
  startCluster,
} from '@starling/testkit';

/** Beyond this somebody has waited for the database. */
const AT_ONCE_MS = 2_000;
const RETURN_TIMEOUT_MS = 30_000;
const WAIT = "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
const PASSWORDS: Readonly<Record<string, string>> = { 罗密欧: '旧密码', juliet: 'nurse', tybalt: 'sword' };

const endpointOf = (system: LocalSystem, edge: number) =>
  ({ transport: 'tcp', host: '127.0.0.1', port: system.edges[edge]?.c2s ?? 0 }) as const;

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const deadlineMs = Date.now() + RETURN_TIMEOUT_MS; !(await condition()); ) {
    assert.ok(Date.now() < deadlineMs, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('PostgreSQL stops: who is known logs in and chats; edits wait; it comes back', async (t) => {
  const postgres = await Postgres.start();
  t.after(() => postgres.stop());
  const settings = { STARLING_DATABASE_URL: postgres.url() };
  const system = await startCluster({ edges: 2, roster: 2, restart: true, settings });
  t.after(() => system.stop());
  const clients: Client[] = [];
  t.after(() => Promise.all(clients.map((client) => client.destroy())));

  const enter = async (username: string, edge: number, password = PASSWORDS[username] ?? '') => {
    const resource = `device-${clients.length}`;
    const client = await login(endpointOf(system, edge), 'localhost', { username, password, resource });
    clients.push(client);
    return client;
  };
  const appear = async (client: Client) => {
    client.sendXml('<presence/>');
    await client.receives`<presence from='${client.jid}'/>`;
  };
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    try {
      await attempt;
    } catch (error) {
      // Policy: the question was how it is refused.
      if (error instanceof RefusedError) return error.message;
      throw error;
    }
    throw new Error('not refused');
  };
  const rosterOf = async (client: Client, id: string) => {
    await client.sends`<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`;
    return client.receives`<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='朱丽叶' subscription='both'/></query></iq>`;
  };
  const chat = async (from: Client, to: Client, body: string) => {
    await from.sends`<message to='${to.jid}' type='chat' id='${body}'><body>${body}</body></message>`;
    await to.receives`<message from='${from.jid}' id='${body}'><body>${body}</body></message>`;
  };

  for (const [username, password] of Object.entries(PASSWORDS))
    await registerAccount(endpointOf(system, 0), 'localhost', username, password);
  const juliet = await enter('juliet', 1);
  const first = await enter('罗密欧', 0);
  await Promise.all([appear(juliet), appear(first)]);
  await befriend(first, juliet);
  await chat(first, juliet, '你好');
  await chat(juliet, first, 'hello');
  await first.sends`<iq type='set' id='name'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='朱丽叶'/></query></iq>`;
  await first.receives`<iq type='result' id='name'/>`;
  await first.sends`<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'><item jid='paris@localhost'/></block></iq>`;
  await first.receives`<iq type='result' id='block'/>`;
  await first.sends`<iq type='set' id='pw'><query xmlns='jabber:iq:register'><username>罗密欧</username><password>新密码</password></query></iq>`;
  await first.receives`<iq type='result' id='pw'/>`;
  const tybalt = await enter('tybalt', 0);
  await tybalt.sends`<iq type='set' id='gone'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
  await tybalt.receives`<iq type='result' id='gone'/>`;
  await first.destroy();
  await juliet.receives`<presence type='unavailable' from='${first.jid}'/>`;

  await postgres.stop(false);

  const romeo: Client[] = [];
  await t.test('who is known logs in on any edge, with the newest password', async () => {
    for (const edge of [0, 1]) {
      const client = await enter('罗密欧', edge, '新密码');
      await rosterOf(client, 'r');
      await client.sends`<iq type='get' id='b'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
      await client.receives`<iq type='result' id='b'><blocklist xmlns='urn:xmpp:blocking'><item jid='paris@localhost'/></blocklist></iq>`;
      await appear(client);
      await client.receives`<presence from='${juliet.jid}'/>`;
      await juliet.receives`<presence from='${client.jid}'/>`;
      romeo.push(client);
    }
    assert.match(await refusal(enter('罗密欧', 0, '旧密码')), /not-authorized/);
    assert.match(await refusal(enter('tybalt', 1)), /not-authorized|temporary-auth-failure/);
    assert.match(await refusal(enter('nobody', 1, 'x')), /temporary-auth-failure/);
  });

  await t.test('chat goes on', async () => {
    const [one = assert.fail(), two = assert.fail()] = romeo;
    await chat(one, juliet, 'wherefore');
    await chat(juliet, two, '为什么');
  });

  await t.test('edits are answered with wait, at once', async () => {
    const [client = assert.fail()] = romeo;
    const startedMs = performance.now();
    await client.sends`<iq type='set' id='e1'><query xmlns='jabber:iq:roster'><item jid='nurse@localhost'/></query></iq>`;
    await client.receive(`<iq type='error' id='e1'>${WAIT}</iq>`);
    await client.sends`<iq type='set' id='e2'><block xmlns='urn:xmpp:blocking'><item jid='x@localhost'/></block></iq>`;
    await client.receive(`<iq type='error' id='e2'>${WAIT}</iq>`);
    await client.sends`<iq type='set' id='e3'><query xmlns='jabber:iq:private'><a xmlns='b'/></query></iq>`;
    await client.receive(`<iq type='error' id='e3'>${WAIT}</iq>`);
    await client.sends`<iq type='set' id='e4'><vCard xmlns='vcard-temp'/></iq>`;
    await client.receive(`<iq type='error' id='e4'>${WAIT}</iq>`);
    await client.sends`<iq type='set' id='e5'><query xmlns='jabber:iq:register'><username>罗密欧</username><password>x</password></query></iq>`;
    await client.receive(`<iq type='error' id='e5'>${WAIT}</iq>`);
    await client.sends`<presence type='subscribe' to='nurse@localhost'/>`;
    await client.receive(`<presence type='error' from='nurse@localhost'>${WAIT}</presence>`);
    assert.ok(performance.now() - startedMs < AT_ONCE_MS);
    const outcome = registerAccount(endpointOf(system, 0), 'localhost', 'new', 'x');
    assert.match(await refusal(outcome), /resource-constraint/);
  });

  await t.test('also when the roster services have been killed meanwhile', async () => {
    for (const id of ['roster-1', 'roster-2']) await system.kill(id);
    await until('they are back', async () => {
      try {
        const client = await enter('罗密欧', 1, '新密码');
        await rosterOf(client, 'again');
        await client.destroy();
        return true;
      } catch (error) {
        // Policy: nobody answers until one of them is back.
        if (error instanceof RefusedError && /temporary-auth-failure/.test(error.message)) return false;
        throw error;
      }
    });
    const client = await enter('juliet', 0);
    await appear(client);
    assert.match(await refusal(enter('tybalt', 0)), /temporary-auth-failure/);
    await chat(client, romeo[1] ?? assert.fail(), '还在');
  });

  await t.test('when it is back edits are made, and strangers refused as ever', async () => {
    await postgres.startAgain();
    const [client = assert.fail()] = romeo;
    let n = 0;
    await until('an edit is made', async () => {
      const id = `back-${++n}`;
      await client.sends`<iq type='set' id='${id}'><query xmlns='jabber:iq:roster'><item jid='nurse@localhost'/></query></iq>`;
      const answer = await client.receives`<iq id='${id}'/>`;
      return answer.attrs.type === 'result';
    });
    await until('both roster services know', async () => /not-authorized/.test(await refusal(enter('nobody', 0, 'x'))));
  });
});
