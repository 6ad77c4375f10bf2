import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { befriend, type Client, login, startCluster } from '@starling/testkit';
import { EXIT } from './exit-codes.ts';
import { type CommandOptions, runCommand } from './testing/run-command.ts';

// What transfer.test.ts shows of one process, on NATS and PostgreSQL with two edges and two archives.

const folder = mkdtempSync(join(tmpdir(), 'starling-transfer-cluster-'));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
const dataDir = join(folder, 'data');
const at = (name: string) => join(folder, name);
/** More than a page, and than a batch. */
const MESSAGES = 520;
const STEP = 65;
const PASSING = "<no-permanent-store xmlns='urn:xmpp:hints'/>";

async function starling(args: readonly string[], options: Partial<CommandOptions> = {}): Promise<string> {
  const { code, out, err } = await runCommand(args, { dataDir, ...options });
  assert.equal(code, EXIT.ok, `${args.join(' ')}: ${out}${err}`);
  // Nothing but what it has to say is told to what is no terminal: no bar.
  assert.equal(err, '');
  return out;
}

const resultsIn = (xml: string) => xml.match(/<result /g)?.length ?? 0;

test('accounts of a cluster are exported, pruned, removed and imported', { timeout: 300_000 }, async (t) => {
  const system = await startCluster({ dataDir, edges: 2, archive: 2 });
  let isRunning = true;
  t.after(() => (isRunning ? system.stop() : undefined));
  const enter = (username: string, edge: number) =>
    login({ transport: 'tcp', host: '127.0.0.1', port: system.edges[edge]?.c2s ?? 0 }, 'localhost', {
      username,
      password: 'secret',
      resource: '手机',
    });
  const appear = async (client: Client) => {
    await client.sends`<presence/>`;
    await client.receives`<presence from='${client.jid}'/>`;
  };

  await t.test('an account with a history on two edges', async () => {
    for (const name of ['romeo', 'juliet']) await starling(['user', 'add', name, 'secret']);
    const [romeo, juliet] = [await enter('romeo', 0), await enter('juliet', 1)];
    await Promise.all([appear(romeo), appear(juliet)]);
    await befriend(romeo, juliet);
    for (let n = 1; n <= MESSAGES; n++) {
      juliet.sendXml(`<message to='romeo@localhost' type='chat' id='m${n}'><body>第${n}条</body></message>`);
      if (n % STEP === 0) await romeo.receives`<message id='m${String(n)}'/>`;
    }
    await romeo.destroy();
    await juliet.receives`<presence type='unavailable' from='${romeo.jid}'/>`;
    juliet.sendXml(`<message to='romeo@localhost' type='chat' id='waits'><body>等着</body>${PASSING}</message>`);
    await juliet.ping();
    await juliet.destroy();
  });

  await t.test('export, of all and of one archive', async () => {
    const out = await starling(['user', 'export', '--file', at('all.xml')]);
    assert.equal(out, `2 accounts and ${2 * MESSAGES + 1} messages written to ${at('all.xml')}\n`);
    const all = readFileSync(at('all.xml'), 'utf8');
    assert.equal(resultsIn(all), 2 * MESSAGES);
    assert.match(all, /<offline-messages>[\s\S]*等着[\s\S]*<\/offline-messages>/);
    assert.equal(resultsIn(await starling(['archive', 'export', 'romeo'])), MESSAGES);
  });

  await t.test('prune: of one, whichever archive has the stream', async () => {
    const erased = await starling(['archive', 'prune', 'romeo', '--before', new Date().toISOString()]);
    assert.match(erased, /^52[01] messages erased/);
    assert.equal(resultsIn(await starling(['archive', 'export', 'romeo'])), 0);
    assert.equal(resultsIn(await starling(['archive', 'export', 'juliet'])), MESSAGES);
  });

  await t.test('removed, and imported again: the same bytes come out', async () => {
    for (const name of ['romeo', 'juliet']) await starling(['user', 'del', name]);
    const out = await starling(['user', 'import', at('all.xml')]);
    assert.equal(out, `2 accounts and ${2 * MESSAGES + 1} messages imported, 0 accounts passed by\n`);
    await starling(['user', 'export', '--file', at('again.xml')]);
    assert.equal(readFileSync(at('again.xml'), 'utf8'), readFileSync(at('all.xml'), 'utf8'));
  });

  await t.test('who was imported has his history, and what had waited for him', async () => {
    const romeo = await enter('romeo', 1);
    const fin = await romeo.iq(
      'set',
      '',
      "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set></query>",
    );
    assert.match(JSON.stringify(fin), new RegExp(`"${MESSAGES}"`));
    await appear(romeo);
    await romeo.receives`<message id='waits'><body>等着</body></message>`;
    await romeo.destroy();
  });

  await t.test('a terminal shows how far it is', { skip: process.platform !== 'linux' }, async () => {
    const out = await starling(['user', 'export', '--file', at('shown.xml')], { terminal: true });
    assert.match(out, /\r\[[#.]{30}\] +\d+ % {2}(romeo|juliet)@localhost, \d+ messages/);
    assert.match(out, /2 accounts and \d+ messages written to /);
  });

  await t.test('a cluster that does not run has nobody who could be asked', async () => {
    isRunning = false;
    await system.stop();
    for (const args of [
      ['user', 'export'],
      ['archive', 'export', 'romeo'],
      ['user', 'import', at('all.xml')],
    ]) {
      const { code, err } = await runCommand(args, { dataDir });
      assert.equal(code, EXIT.unavailable, args.join(' '));
      assert.match(err, /is not running/);
    }
  });
});
