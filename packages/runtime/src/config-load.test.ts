import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { printConfig } from './config-describe.ts';
import { ConfigError, loadConfig } from './config-load.ts';
import { bytes, choice, configSpec, duration, flag, int, port, secret, text } from './config-spec.ts';

const edgeSpec = configSpec({
  maxStanza: bytes('STARLING_MAX_STANZA', '256KiB', { min: 10_000 }, 'RFC 6120 §13.12: the floor is 10000 bytes'),
  smQueue: int('STARLING_SM_QUEUE', 500, { min: 1, max: 10_000 }, 'unacked stanzas kept per session'),
  drainMs: duration('STARLING_DRAIN', '25s', { min: '1s' }, 'how long'),
  domain: text('STARLING_DOMAIN', 'localhost', {}, 'domain'),
  mode: choice('STARLING_REGISTRATION', ['open', 'closed'], 'closed', 'who may register'),
  tls: flag('STARLING_TLS', false, 'tls'),
  password: secret('STARLING_DB_PASSWORD', '', 'password'),
  port: port('STARLING_C2S_PORT', 5222, 'port'),
});
const dbSpec = configSpec({ url: text('STARLING_DB', 'pglite:', {}, 'database') });
const specs = { edge: edgeSpec };

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-config-'));
});
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function problemsOf(
  env: Record<string, string>,
  args: readonly string[],
  known: readonly string[] = [],
): readonly string[] {
  try {
    loadConfig(specs, { env, args, known });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('defaults have the type of their key', () => {
  const { edge } = loadConfig(specs, { env: {}, args: [] });
  const mode: 'open' | 'closed' = edge.mode;
  assert.deepEqual(
    { ...edge, password: edge.password.reveal() },
    {
      maxStanza: 262_144,
      smQueue: 500,
      drainMs: 25_000,
      domain: 'localhost',
      mode,
      tls: false,
      password: '',
      port: 5222,
    },
  );
});

test('flags go before environment, environment before file, file before default', () => {
  const file = fileOf('precedence.yaml', 'c2s_port: 1\nsm_queue: 1\ndomain: from.file\nmax_stanza: 1MiB\n');
  const env = {
    STARLING_CONFIG: file,
    STARLING_C2S_PORT: '2',
    STARLING_SM_QUEUE: '2',
    STARLING_TLS: '',
    UNRELATED: 'x',
  };
  const { edge } = loadConfig(specs, { env, args: ['--c2s-port=3', '--tls'] });
  assert.deepEqual(
    [edge.port, edge.smQueue, edge.domain, edge.maxStanza, edge.drainMs, edge.tls],
    [3, 2, 'from.file', 1_048_576, 25_000, true],
  );
  assert.equal(
    loadConfig(specs, { env, args: ['--config', fileOf('other.yaml', 'domain: other')] }).edge.domain,
    'other',
  );
  assert.equal(loadConfig(specs, { env: { STARLING_TLS: 'yes' }, args: ['--no-tls'] }).edge.tls, false);
  assert.equal(loadConfig(specs, { env: { STARLING_DOMAIN: 'a' }, args: ['--domain='] }).edge.domain, '');
});

test('all problems are reported at once', () => {
  const file = fileOf('wrong.yaml', 'domian: x\nC2S_PORT: 5\nsm_queue: [1]\n');
  const env = { STARLING_CONFIG: file, STARLING_MAX_STANZA: '9999', STARLING_DRAIN: '25', STARLING_SM_QUEU: '5' };
  const problems = problemsOf(env, ['--registration', 'ajar', '--c2s-prot', '5', '--tls=perhaps', 'extra', '--domain']);
  assert.deepEqual(problems, [
    '--c2s-prot: unknown key; did you mean --c2s-port?',
    'extra: unexpected argument',
    '--domain: needs a value',
    'STARLING_SM_QUEU: unknown key; did you mean STARLING_SM_QUEUE?',
    `domian in ${file}: unknown key; did you mean domain?`,
    `C2S_PORT in ${file}: keys are lower case; did you mean c2s_port?`,
    `sm_queue in ${file}: must be one value, not a list or a map`,
    'STARLING_MAX_STANZA: 9999 is less than 10000',
    "STARLING_DRAIN: '25' is not a duration such as '25s' (ms, s, m, h, d)",
    "--registration: 'ajar' is none of open, closed",
    "--tls: 'perhaps' is neither true nor false",
  ]);
});

test('what is near nothing gets no suggestion', () => {
  assert.deepEqual(problemsOf({ STARLING_QUITE_ANOTHER_THING: '1' }, []), [
    'STARLING_QUITE_ANOTHER_THING: unknown key',
  ]);
});

test('a file that cannot be read or is no map is a problem', () => {
  assert.match(problemsOf({ STARLING_CONFIG: join(folder, 'absent.yaml') }, [])[0] ?? '', /absent\.yaml: ENOENT/);
  assert.match(
    problemsOf({}, ['--config', fileOf('list.yaml', '- a\n')])[0] ?? '',
    /list\.yaml: not a list of 'key: value'/,
  );
  assert.match(problemsOf({}, ['--config', fileOf('bad.yaml', 'a: [')])[0] ?? '', /bad\.yaml: /);
  assert.deepEqual(problemsOf({}, ['--config', fileOf('empty.yaml', '')]), []);
});

test("keys of other services are tolerated in environment and file, and known to 'did you mean', but are no flags", () => {
  const known = [dbSpec];
  const file = fileOf('shared.yaml', 'db: pg\n');
  loadConfig(specs, { env: { STARLING_DB: 'x', STARLING_CONFIG: file }, args: [], known });
  assert.deepEqual(problemsOf({ STARLING_DB: 'x' }, [], ['STARLING_DB']), []);
  assert.deepEqual(problemsOf({}, ['--db=x'], ['STARLING_DB']), ['--db: this service has no such key']);
  assert.deepEqual(problemsOf({ STARLING_PRESENCE_PROT: '1' }, [], ['STARLING_PRESENCE_PORT']), [
    'STARLING_PRESENCE_PROT: unknown key; did you mean STARLING_PRESENCE_PORT?',
  ]);
});

test('a secret comes from a file or a variable, never from a flag, and never shows', () => {
  const path = fileOf('password', 'sesame\n');
  for (const sources of [
    { env: { STARLING_DB_PASSWORD_FILE: path }, args: [] },
    { env: {}, args: ['--db-password-file', path] },
    { env: { STARLING_DB_PASSWORD: 'sesame' }, args: [] },
    { env: { STARLING_DB_PASSWORD: 'other' }, args: [`--db-password-file=${path}`] },
    { env: {}, args: ['--config', fileOf('secret.yaml', `db_password_file: ${path}\n`)] },
  ]) {
    const { edge } = loadConfig(specs, sources);
    assert.equal(edge.password.reveal(), 'sesame');
    const shown = `${edge.password} ${JSON.stringify(edge)} ${inspect(edge, { depth: 9 })} ${printConfig(specs, sources)}`;
    assert.doesNotMatch(shown, /sesame/);
    assert.match(shown, /\*\*\*/);
  }
  const problems = problemsOf({ STARLING_DB_PASSWORD: 'a', STARLING_DB_PASSWORD_FILE: path }, [
    '--db-password',
    'sesame',
  ]);
  assert.deepEqual(problems, [
    '--db-password: a command line is not secret; use --db-password-file or STARLING_DB_PASSWORD',
    'STARLING_DB_PASSWORD and STARLING_DB_PASSWORD_FILE: give one of them',
  ]);
  assert.match(
    problemsOf({ STARLING_DB_PASSWORD_FILE: join(folder, 'nothing') }, [])[0] ?? '',
    /^STARLING_DB_PASSWORD_FILE: ENOENT/,
  );
});

test('what is printed can be read again', () => {
  const printed = printConfig(specs, { env: { STARLING_DOMAIN: 'a: "b" # c' }, args: ['--max-stanza', '65536'] });
  assert.match(printed, /^max_stanza: "64KiB" # flag$/m);
  assert.match(printed, /^drain: "25s" # default$/m);
  const path = fileOf('printed.yaml', printed);
  const { edge } = loadConfig(specs, { env: {}, args: ['--config', path] });
  assert.deepEqual([edge.domain, edge.maxStanza, edge.port], ['a: "b" # c', 65_536, 5222]);
});

test('two parts may share a key when they declare it alike', () => {
  const twin = configSpec({ host: text('STARLING_DOMAIN', 'localhost', {}, 'domain') });
  const config = loadConfig({ edge: edgeSpec, twin }, { env: { STARLING_DOMAIN: 'a' }, args: [] });
  assert.deepEqual([config.edge.domain, config.twin.host], ['a', 'a']);
  const other = configSpec({ host: text('STARLING_DOMAIN', 'example.com', {}, 'domain') });
  assert.throws(() => loadConfig({ edge: edgeSpec, other }, { env: {}, args: [] }), /declared twice/);
});

test('a malformed declaration is found when it is declared', () => {
  assert.throws(() => configSpec({ a: int('SM_QUEUE', 1, {}, '') }), /no name of a key/);
  assert.throws(() => configSpec({ a: int('STARLING_A', 0, { min: 1 }, '') }), /less than 1/);
  assert.throws(() => configSpec({ a: bytes('STARLING_A', '1 parsec', {}, '') }), /bad bounds or default/);
});
