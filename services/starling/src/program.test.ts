import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { type Actions, buildProgram } from './program.ts';

/** Parses a command line, and tells what would be done. */
async function parse(line: string): Promise<readonly unknown[]> {
  let asked: readonly unknown[] = [];
  const record =
    (name: string) =>
    async (...given: readonly unknown[]) => {
      asked = [name, ...given.map((g) => (typeof g === 'object' && !Array.isArray(g) ? { ...g } : g))];
      return 0;
    };
  const actions: Actions = {
    start: record('start'),
    cluster: record('cluster'),
    check: record('check'),
    migrate: record('migrate'),
    try: record('try'),
    userAdd: record('userAdd'),
    userPasswd: record('userPasswd'),
    userDel: record('userDel'),
    userRetention: record('userRetention'),
    userList: record('userList'),
    userExport: record('userExport'),
    userImport: record('userImport'),
    archiveExport: record('archiveExport'),
    archivePrune: record('archivePrune'),
    drain: record('drain'),
    sessionList: record('sessionList'),
    sessionKick: record('sessionKick'),
    watch: record('watch'),
    top: record('top'),
  };
  const program = buildProgram(actions, () => {});
  const silent = { writeOut: () => {}, writeErr: () => {} };
  for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)])
    command.configureOutput(silent);
  await program.parseAsync(line.split(' ').filter(Boolean), { from: 'user' });
  return asked;
}

const fails = (line: string, code: string) =>
  assert.rejects(parse(line), (error) => error instanceof CommanderError && error.code === code, line);

test('start passes the flags of keys on, wherever its own stand', async () => {
  assert.deepEqual(await parse('start'), ['start', [], { jsonReady: false }]);
  const flags = ['--c2s-port', '0', '--domain=example.org'];
  assert.deepEqual(await parse(`start --json-ready ${flags.join(' ')}`), ['start', flags, { jsonReady: true }]);
  assert.deepEqual(await parse(`start ${flags.join(' ')} --json-ready`), ['start', flags, { jsonReady: true }]);
});

test('cluster counts its processes', async () => {
  const defaults = { edges: 3, roster: 1, archive: 1, nats: 1, presence: 1, restart: false, jsonReady: false };
  assert.deepEqual(await parse('cluster'), ['cluster', [], defaults]);
  assert.deepEqual(
    await parse('cluster --edges 5 --nats 3 --archive 2 --presence 3 --restart --data-dir /x --json-ready'),
    [
      'cluster',
      ['--data-dir', '/x'],
      { ...defaults, edges: 5, nats: 3, archive: 2, presence: 3, restart: true, jsonReady: true },
    ],
  );
  for (const wrong of ['--edges 0', '--edges x', '--edges 33', '--nats 2', '--presence 0', '--roster -1'])
    await fails(`cluster ${wrong}`, 'commander.invalidArgument');
});

test('migrate passes the flags of keys on', async () => {
  const flags = ['--database-pool', '2'];
  assert.deepEqual(await parse('migrate'), ['migrate', [], { json: false, timeout: 60_000 }]);
  assert.deepEqual(await parse(`migrate --json ${flags.join(' ')} --timeout 5m`), [
    'migrate',
    flags,
    { json: true, timeout: 300_000 },
  ]);
  await fails('migrate --timeout 5', 'commander.invalidArgument');
});

test('try says where clients connect', async () => {
  assert.deepEqual(await parse('try'), ['try', { port: 5222, timeout: 15 }]);
  assert.deepEqual(await parse('try --host chat.example --port 5269 --timeout 60 --data-dir /x'), [
    'try',
    { host: 'chat.example', port: 5269, timeout: 60, dataDir: '/x' },
  ]);
  for (const wrong of ['--port 0', '--port 65536', '--timeout x', '--timeout 601'])
    await fails(`try ${wrong}`, 'commander.invalidArgument');
});

test('user takes a name, and a password in three ways', async () => {
  const options = { passwordStdin: false };
  assert.deepEqual(await parse('user add alice'), ['userAdd', 'alice', undefined, options]);
  assert.deepEqual(await parse('user add alice secret --data-dir /x'), [
    'userAdd',
    'alice',
    'secret',
    { ...options, dataDir: '/x' },
  ]);
  assert.deepEqual(await parse('user passwd alice --password-stdin'), [
    'userPasswd',
    'alice',
    undefined,
    { ...options, passwordStdin: true },
  ]);
  assert.deepEqual(await parse('user del alice'), ['userDel', 'alice', {}]);
  assert.deepEqual(await parse('user retention alice 30d'), ['userRetention', 'alice', '30d', {}]);
  assert.deepEqual(await parse('user list'), ['userList', {}]);
  assert.deepEqual(await parse('user export'), ['userExport', undefined, { archive: true }]);
  assert.deepEqual(await parse('user export alice --no-archive --file a.xml'), [
    'userExport',
    'alice',
    { archive: false, file: 'a.xml' },
  ]);
  assert.deepEqual(await parse('user import a.xml --resume'), ['userImport', 'a.xml', { resume: true }]);
  assert.deepEqual(await parse('archive export alice'), ['archiveExport', 'alice', {}]);
  assert.deepEqual(await parse('archive prune --before 2026-01-31'), [
    'archivePrune',
    undefined,
    { before: '2026-01-31' },
  ]);
  await fails('user add', 'commander.missingArgument');
  await fails('user del alice --force', 'commander.unknownOption');
});

test('the commands of operators', async () => {
  const draining = { all: false, force: false, timeout: 300_000 };
  assert.deepEqual(await parse('drain edge-1 --timeout 30s'), ['drain', 'edge-1', { ...draining, timeout: 30_000 }]);
  assert.deepEqual(await parse('drain --all'), ['drain', undefined, { ...draining, all: true }]);
  const listing = { limit: 100, after: '', json: false };
  assert.deepEqual(await parse('session list'), ['sessionList', undefined, listing]);
  assert.deepEqual(await parse('session list alice --edge e --limit 5 --after a@x/r --json'), [
    'sessionList',
    'alice',
    { edge: 'e', limit: 5, after: 'a@x/r', json: true },
  ]);
  assert.deepEqual(await parse('session kick alice@x/r'), ['sessionKick', 'alice@x/r', { all: false, reason: '' }]);
  assert.deepEqual(await parse('watch alice --count 3 --json'), ['watch', 'alice', { count: 3, json: true }]);
  const looking = { once: false, interval: 2_000, json: false };
  assert.deepEqual(await parse('top'), ['top', looking]);
  assert.deepEqual(await parse('top --once --json --interval 5s --svg t.svg'), [
    'top',
    { once: true, interval: 5_000, json: true, svg: 't.svg' },
  ]);
  for (const wrong of ['session list --limit 0', 'top --interval 10ms', 'watch a --count x', 'drain --timeout x'])
    await fails(wrong, 'commander.invalidArgument');
  await fails('session kick', 'commander.missingArgument');
});

test('check, and what is no command', async () => {
  assert.deepEqual(await parse('check --json --domain x'), ['check', ['--domain', 'x'], { json: true }]);
  await fails('chekc', 'commander.unknownCommand');
  await fails('', 'commander.help');
  for (const command of ['', 'start', 'cluster', 'check', 'user', 'user add', 'user passwd', 'user del', 'user list'])
    await fails(`${command} --help`, 'commander.helpDisplayed');
  await fails('--version', 'commander.version');
});
