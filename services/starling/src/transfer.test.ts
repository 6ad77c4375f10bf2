import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { befriend, type Client, type LocalSystem, login, startEmbedded } from '@starling/testkit';
import { EXIT } from './exit-codes.ts';
import { runCommand } from './testing/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'starling-transfer-'));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
const [one, two] = [join(folder, 'one'), join(folder, 'two')];
const at = (name: string) => join(folder, name);
/** More than a page, and than a batch. */
const MESSAGES = 520;
const STEP = 65;

async function starling(dataDir: string, ...args: string[]): Promise<{ out: string; err: string }> {
  const { code, out, err } = await runCommand(args, { dataDir });
  assert.equal(code, EXIT.ok, `${args.join(' ')}: ${out}${err}`);
  return { out, err };
}

async function enter(system: LocalSystem, username: string, password: string): Promise<Client> {
  const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.ready.endpoints.c2s } as const;
  return login(endpoint, 'localhost', { username, password, resource: '手机' });
}
async function appear(client: Client): Promise<void> {
  client.sendXml('<presence/>');
  await client.receives`<presence from='${client.jid}'/>`;
}
async function set(client: Client, id: string, payload: string): Promise<void> {
  client.sendXml(`<iq type='set' id='${id}'>${payload}</iq>`);
  await client.receives`<iq type='result' id='${id}'/>`;
}

async function prunes(): Promise<void> {
  for (const before of ['tomorrow', '2999-01-01', '']) {
    const { code } = await runCommand(['archive', 'prune', '--before', before], { dataDir: two });
    assert.equal(code, EXIT.usage, before);
  }
  const before = new Date().toISOString();
  const mine = await starling(two, 'archive', 'prune', '张三', '--before', before);
  assert.match(mine.out, /^\d{3} messages erased/);
  assert.ok(!(await starling(two, 'archive', 'export', '张三')).out.includes('<result '));
  assert.ok((await starling(two, 'archive', 'export', 'juliet')).out.includes('<result '));
  const { code } = await runCommand(['archive', 'export', 'nobody'], { dataDir: two });
  assert.equal(code, EXIT.data);
}

async function foreign(): Promise<void> {
  writeFileSync(
    at('foreign.xml'),
    `<server-data xmlns='urn:xmpp:pie:0'><host jid='elsewhere.org'><user name='x' password='y'/></host>
     <host jid='localhost'><user name='prosody' password='geheim'><pubsub xmlns='http://jabber.org/protocol/pubsub'/></user>
     <user name='none'/><user name='a b' password='x'/></host></server-data>`,
  );
  const { out, err } = await starling(two, 'user', 'import', at('foreign.xml'));
  assert.match(out, /^1 accounts and 0 messages imported, 1 accounts passed by/);
  for (const told of [/elsewhere.org is not served here/, /<pubsub/, /none@localhost has neither/, /'a b' is no name/])
    assert.match(err, told);
  const broken = await runCommand(['user', 'import', at('nowhere.xml')], { dataDir: two });
  assert.equal(broken.code, EXIT.data);
}

test('accounts move to another system: export, import, export again gives the same bytes', async (t) => {
  await t.test('an account with everything in it', async () => {
    const system = await startEmbedded({ dataDir: one });
    try {
      for (const [name, password] of [
        ['张三', '秘密'],
        ['juliet', 'secret'],
        ['tybalt', 'secret'],
      ] as const)
        await starling(one, 'user', 'add', name, password);
      const [zhang, juliet, tybalt] = [
        await enter(system, '张三', '秘密'),
        await enter(system, 'juliet', 'secret'),
        await enter(system, 'tybalt', 'secret'),
      ];
      await Promise.all([appear(zhang), appear(juliet), appear(tybalt)]);
      await befriend(zhang, juliet);
      await set(
        zhang,
        'r',
        "<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='朱丽叶 &lt;3'><group>朋友</group><group>Friends</group></item></query>",
      );
      await set(
        zhang,
        'p',
        "<query xmlns='jabber:iq:private'><b xmlns='z:2'>&#13;文&#10;</b><a xmlns='a:1' x='\"&apos;'/></query>",
      );
      await set(zhang, 'v', "<vCard xmlns='vcard-temp'><FN>张三</FN><NOTE> a\n b </NOTE></vCard>");
      await set(
        zhang,
        'b',
        "<block xmlns='urn:xmpp:blocking'><item jid='z@x'/><item jid='a@x'/><item jid='例子.中国'/></block>",
      );
      await set(
        zhang,
        'm',
        "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>tybalt@localhost</jid></always><never><jid>n@x</jid></never></prefs>",
      );
      await tybalt.sends`<presence type='subscribe' to='张三@localhost'><status>让我进来</status></presence>`;
      await zhang.receives`<presence type='subscribe' from='tybalt@localhost'/>`;
      for (let n = 1; n <= MESSAGES; n++) {
        juliet.sendXml(
          `<message to='张三@localhost' type='chat' id='m${n}' xml:lang='zh'><body>第${n}条 &amp; "q"</body><x xmlns='y' a='&#9;'/></message>`,
        );
        if (n % STEP === 0) await zhang.receives`<message id='m${String(n)}'/>`;
      }
      await zhang.sends`<message to='juliet@localhost' type='chat' id='own'><body>都收到了</body></message>`;
      await juliet.receives`<message id='own'/>`;
      await zhang.destroy();
      await juliet.receives`<presence type='unavailable' from='${zhang.jid}'/>`;
      await juliet.sends`<message to='张三@localhost' id='waits'><something xmlns='x:y'>等着</something></message>`;
      await juliet.ping();
      const all = await starling(one, 'user', 'export', '--file', at('running.xml'));
      assert.match(all.out, /^3 accounts and \d+ messages written/);
      assert.equal(statSync(at('running.xml')).mode & 0o777, 0o600);
      const { out } = await starling(one, 'user', 'export', '张三', '--no-archive');
      assert.ok(
        !out.includes('<result ') && out.includes("<user name='张三'>") && !out.includes("<user name='juliet'>"),
      );
      for (const client of [juliet, tybalt]) await client.destroy();
    } finally {
      await system.stop();
    }
  });

  const first = () => readFileSync(at('stopped.xml'), 'utf8');
  await t.test('the same of a running and of a stopped system', async () => {
    await starling(one, 'user', 'export', '--file', at('stopped.xml'));
    assert.equal(first(), readFileSync(at('running.xml'), 'utf8'));
    const results = first().match(/<result /g) ?? [];
    // Both sides of each of juliet's, and of 张三's one.
    assert.equal(results.length, 2 * (MESSAGES + 1));
    for (const part of [
      '<scram-credentials',
      '朱丽叶 &lt;3',
      '<offline-messages>',
      '让我进来',
      "value='例子.中国'",
      '<prefs',
    ])
      assert.ok(first().includes(part), part);
  });

  const system = await startEmbedded({ dataDir: two });
  t.after(() => system.stop());
  await t.test('import into a new system, and export from that', async () => {
    const { out, err } = await starling(two, 'user', 'import', at('stopped.xml'));
    assert.equal(err, '');
    assert.equal(out, `3 accounts and ${2 * (MESSAGES + 1) + 1} messages imported, 0 accounts passed by\n`);
    await starling(two, 'user', 'export', '--file', at('again.xml'));
    assert.equal(readFileSync(at('again.xml'), 'utf8'), first());
  });

  await t.test('a second import changes nothing, also one that goes on', async () => {
    const again = await starling(two, 'user', 'import', at('stopped.xml'));
    assert.match(again.err, /juliet@localhost exists already/);
    assert.match(again.out, /^0 accounts and 0 messages imported, 3 accounts passed by/);
    const resumed = await runCommand(['user', 'import', at('stopped.xml'), '--resume'], { dataDir: two });
    assert.equal(resumed.code, EXIT.ok, resumed.err);
    await starling(two, 'user', 'export', '--file', at('again.xml'));
    assert.equal(readFileSync(at('again.xml'), 'utf8'), first());
  });

  await t.test('there they log in, and have their roster and their history', async () => {
    const zhang = await enter(system, '张三', '秘密');
    await zhang.sends`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`;
    await zhang.receives`<iq type='result' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='both'>…</item></query></iq>`;
    await zhang.sends`<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set></query></iq>`;
    await zhang.receives`<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>…<message xmlns='jabber:client' id='own'><body>都收到了</body></message></forwarded></result></message>`;
    await zhang.receives`<iq type='result' id='q'/>`;
    const juliet = await enter(system, 'juliet', 'secret');
    await Promise.all([appear(zhang), appear(juliet)]);
    await zhang.receives`<presence from='${juliet.jid}'/>`;
    await zhang.receives`<presence type='subscribe' from='tybalt@localhost'/>`;
    await juliet.sends`<message to='${zhang.jid}' type='chat' id='new'><body>新的</body></message>`;
    await zhang.receives`<message id='new'/>`;
    const { out } = await starling(two, 'archive', 'export', '张三');
    // What is new comes behind what was imported.
    assert.match(out, /id='own'[\s\S]*id='new'[^\n]*\n<\/archive>\n<\/user>\n<\/host>\n<\/server-data>\n$/);
    for (const client of [zhang, juliet]) await client.destroy();
  });

  await t.test('prune', prunes);
  await t.test('a file of another server: a password, a host that is not ours, a user without a secret', foreign);
});
