// Each rule fires on what it forbids, and is silent on what it allows.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkRepository } from '../tidy.mjs';
import { describeLongest, functionsOf } from './longest.mjs';
import { Repository } from './repository.mjs';
import { tokenize } from './tokenize.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const WORKSPACES = [
  'packages/jid',
  'packages/bus',
  'packages/runtime',
  'packages/contracts',
  'packages/db',
  'packages/features',
];
const SERVICES = [
  'packages/testkit',
  'packages/local-servers',
  'services/edge',
  'services/roster',
  'services/starling',
  'loadtest',
];

/** The problems of a repository that has these files besides the workspaces' manifests, whose dependencies are what they import. */
function problemsOf(files, manifests = {}) {
  const all = new Map(Object.entries(files));
  for (const folder of [...WORKSPACES, ...SERVICES]) {
    const name = `@starling/${folder.split('/').at(-1)}`;
    const texts = Object.entries(files).filter(([path]) => path.startsWith(`${folder}/`));
    const imports = texts.flatMap(([, text]) =>
      [...text.matchAll(/from '((?:@[^/']+\/)?[^./'][^/']*)/g)].map((m) => m[1]),
    );
    const dependencies = Object.fromEntries(imports.filter((i) => !i.startsWith('node:')).map((i) => [i, '1.0.0']));
    all.set(`${folder}/package.json`, JSON.stringify({ name, dependencies, ...manifests[folder] }));
  }
  all.set('package.json', JSON.stringify({ devDependencies: { 'fast-check': '4.0.0' }, ...manifests[''] }));
  return checkRepository(new Repository(all));
}

function assertProblem(pattern, files, manifests) {
  const problems = problemsOf(files, manifests);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0], pattern);
}
const assertTidy = (files, manifests) => assert.deepEqual(problemsOf(files, manifests), []);

test('tiers: imports go down, within a tier by its order', () => {
  assertProblem(/jid\/src\/a\.ts:2: imports @starling\/bus: bus is not below/, {
    'packages/jid/src/a.ts': "\nimport { x } from '@starling/bus';",
  });
  assertProblem(/db is not below/, { 'packages/bus/src/a.ts': "import type { Db } from '@starling/db';" });
  assertProblem(/features is not below/, {
    'packages/bus/src/a.ts': "export * from '@starling/features/xep-0199-ping/ping';",
  });
  assertTidy({ 'packages/db/src/a.ts': "import { x } from '@starling/bus';\nimport { y } from '@starling/jid';" });
  assertProblem(/no place in the order/, { 'packages/novelty/package.json': '{"name":"@starling/novelty"}' });
});

test('services meet in services/starling only, and their parts for tests in loadtest; only tests import the testkit', () => {
  const roster = "import { x } from '@starling/roster';";
  assertProblem(/a service is imported by nobody but/, { 'services/edge/src/a.ts': roster });
  assertProblem(/a service is imported by nobody but/, { 'packages/features/src/a.ts': roster });
  assertTidy({ 'services/starling/src/a.ts': roster });
  const parts = "import { x } from '@starling/roster/testing/parts';";
  assertProblem(/a service is imported by nobody but/, { 'services/edge/src/a.test.ts': parts });
  assertProblem(/a service is imported by nobody but/, { 'loadtest/src/a.ts': roster });
  assertTidy({ 'loadtest/src/a.ts': parts });
  const kit = "import { x } from '@starling/testkit';";
  assertProblem(/only tests import the testkit/, { 'services/edge/src/a.ts': kit });
  for (const path of ['services/edge/src/a.test.ts', 'packages/bus/src/a.scenario.ts', 'packages/bus/src/bench.ts'])
    assertTidy({ [path]: kit });
  const servers = "import { x } from '@starling/local-servers';";
  assertProblem(/only tests and services\/starling start processes/, { 'services/edge/src/a.ts': servers });
  assertTidy({ 'services/starling/src/a.ts': servers, 'packages/bus/src/a.test.ts': servers });
});

test('features never import features, workspaces never reach into one another', () => {
  const feature = (name, text) => ({
    [`packages/features/src/${name}/${name.slice(9)}.ts`]: text,
    [`packages/features/src/${name}/a.test.ts`]: '',
    [`packages/features/src/${name}/a.scenario.ts`]: '',
    [`packages/features/src/${name}/README.md`]: '',
  });
  const other = feature('xep-0280-carbons', '');
  const ping = (text) => feature('xep-0199-ping', text);
  assertTidy({ ...ping("import './rule.ts';"), ...other });
  assertProblem(/features never import features/, { ...ping("import '../xep-0280-carbons/carbons.ts';"), ...other });
  assertProblem(/import other workspaces by name/, {
    'packages/db/src/a.ts': "import { x } from '../../bus/src/x.ts';",
  });
});

test('some packages have one owner', () => {
  for (const name of [
    'protobufjs',
    'prom-client',
    'pino',
    'pg',
    '@electric-sql/pglite',
    'nats',
    '@nats-io/jetstream',
  ]) {
    assertProblem(/: only packages\/\w+\/ does$/, { 'services/edge/src/a.ts': `import x from '${name}';` });
  }
  const uws = "import x from 'uWebSockets.js';";
  assertProblem(/only services\/edge\/src\/listen\/ does/, { 'services/edge/src/session.ts': uws });
  assertTidy({ 'services/edge/src/listen/uws.ts': uws, 'packages/db/src/a.ts': "import x from 'pg';" });
});

test('what is imported is a dependency, what is a dependency is imported', () => {
  const ws = { 'services/edge/src/a.ts': "import x from 'ws';" };
  assertProblem(/imports ws: not in the run-time dependencies of services\/edge/, ws, {
    'services/edge': { dependencies: {} },
  });
  const dev = { dependencies: {}, devDependencies: { ws: '1.0.0' } };
  assertProblem(/imports ws: not in the run-time/, ws, { 'services/edge': dev });
  assertTidy(
    { 'services/edge/src/a.test.ts': "import x from 'ws';\nimport fc from 'fast-check';\nimport 'node:fs';" },
    { 'services/edge': dev },
  );
  assertProblem(
    /services\/edge\/package\.json: ws is not used/,
    {},
    { 'services/edge': { dependencies: { ws: '1.0.0' } } },
  );
  assertTidy(
    { 'services/edge/src/a.ts': "const x = await import('ws');\nconst y = require('ws');" },
    { 'services/edge': { dependencies: { ws: '1.0.0' } } },
  );
});

test('dependencies are pinned exactly', () => {
  for (const version of ['^1.0.0', '~1.0.0', '1.0', 'latest', '*', 'npm:x@^1.0.0']) {
    assertProblem(
      /package\.json: typescript .* is not an exact version/,
      {},
      { '': { devDependencies: { typescript: version } } },
    );
  }
  assertTidy({}, { '': { devDependencies: { a: '1.0.0', b: 'npm:@x/b@1.0.0', c: '1.0.0-rc.1' } } });
});

test('no cyclic imports between files; types do not count', () => {
  const files = (how) => ({
    'packages/bus/src/a.ts': "import { b } from './b.ts';",
    'packages/bus/src/b.ts': "export { c } from './c.ts';",
    'packages/bus/src/c.ts': `${how} from './a.ts';`,
  });
  assertProblem(/cyclic imports: packages\/bus\/src\/a\.ts → .*b\.ts → .*c\.ts → .*a\.ts/, files('import { a }'));
  assertTidy(files('import type { A }'));
});

test('a namespace is written in a const NS or in ns.ts', () => {
  for (const ns of [
    "'urn:xmpp:ping'",
    "'jabber:client'",
    "'http://jabber.org/protocol/disco#info'",
    "`<a xmlns='jabber:iq:roster'>${x}`",
  ]) {
    assertProblem(/bus\/src\/a\.ts:2: the namespace in .* belongs in a const NS/, {
      'packages/bus/src/a.ts': `\nconst x = ${ns};`,
    });
    assertTidy({
      'packages/bus/src/a.ts': `export const NS = { a: { b: ${ns} } } as const;\n// ${ns}`,
      'packages/bus/src/ns.ts': `export const CLIENT = ${ns};`,
      'packages/bus/src/a.test.ts': `const x = ${ns};`,
    });
  }
});

test('a subject is built by contracts', () => {
  for (const subject of ["'m.>'", '`u.${p}.${user}`', "'edge.'", '`edge.${id}`', "'a.3.gap'", "'r.keys'", "'t.' + s"]) {
    assertProblem(/looks like a subject/, { 'services/edge/src/a.ts': `const x = ${subject};` });
    assertTidy({
      'packages/contracts/src/subjects.ts': `const x = ${subject};`,
      'packages/bus/src/a.test.ts': `const x = ${subject};`,
    });
  }
  assertTidy({
    'services/edge/src/a.ts': "const x = ['d.ts', 'a.b', 'edge.config', 'r.'.length, 'p. 3'.slice(9)];".replace(
      "'r.'.length, ",
      '',
    ),
  });
});

test('nothing belongs to one machine', () => {
  for (const trace of [
    '/home/' + 'anna/x',
    '/builds/' + 'anna/x',
    '/Users/' + 'Anna/x',
    'https://registry.' + 'example.com/pg',
    'https://npm.' + 'example.com/x',
  ]) {
    assertProblem(/README\.md:2: .* belongs to one machine/, { 'README.md': `\nsee ${trace}` });
  }
  assertProblem(/belongs to one machine/, { 'package-lock.json': '"resolved": "https://somewhere/pg.tgz"' });
  assertTidy({
    'README.md': 'https://github.com/x /usr/lib /var/home/x a/home/b',
    'package-lock.json': '"resolved": "packages/bus"',
  });
});

test('a feature has a declaration, a test, a scenario and a README', () => {
  const problems = problemsOf({
    'packages/features/src/xep-0199-ping/rule.ts': '',
    'packages/features/src/ping/ping.ts': '',
  });
  assert.deepEqual(problems, [
    'packages/features/src/xep-0199-ping: no declaration ping.ts',
    'packages/features/src/xep-0199-ping: no test',
    'packages/features/src/xep-0199-ping: no scenario',
    'packages/features/src/xep-0199-ping: no README.md',
    'packages/features/src/ping: a folder is called xep-NNNN-name or rfc-NNNN-name',
    'packages/features/src/ping: no test',
    'packages/features/src/ping: no scenario',
    'packages/features/src/ping: no README.md',
  ]);
});

test('a main.ts has at most 60 lines', () => {
  assertProblem(/main\.ts: 61 lines/, { 'services/edge/src/main.ts': '\n'.repeat(61) });
  assertTidy({ 'services/edge/src/main.ts': '\n'.repeat(60), 'services/edge/src/other.ts': '\n'.repeat(600) });
});

test('tokens: strings, templates, comments, regular expressions', () => {
  const texts = (source) => tokenize(source).map((t) => `${t.kind}:${t.text}`);
  assert.deepEqual(texts("a 'b\\'c' // 'd'\n/* 'e' */ \"f\""), ['word:a', "string:b\\'c", 'string:f']);
  assert.deepEqual(texts('`a${ f({ b: `c${d}` }) }e`;'), [
    'template:a${}e',
    ...['word:f', 'mark:(', 'mark:{', 'word:b', 'mark::', 'template:c${}', 'word:d', 'mark:}', 'mark:)'],
    'mark:;',
  ]);
  assert.deepEqual(texts("x = /['\"`]/g.test(y) / 2 / 'z'.length"), [
    ...['word:x', 'mark:=', 'regex:/[\'"`]/g', 'mark:.', 'word:test', 'mark:(', 'word:y', 'mark:)'],
    ...['mark:/', 'number:2', 'mark:/', 'string:z', 'mark:.', 'word:length'],
  ]);
  assert.deepEqual(
    tokenize('a\n`\n\n${b\n}`\nc').map((t) => t.line),
    [1, 2, 4, 6],
  );
});

test('the longest functions are found by their names', () => {
  const source = `
export async function first<T>(a: { b: T }): Promise<Map<string, T[]>> {
  if (a) { return; }
}
class A { #second(x = (1)): void {
  } }
const third = async (x) => {

};`;
  assert.deepEqual(
    functionsOf(tokenize(source)).map(({ name, lines }) => [name, lines]),
    [
      ['first', 3],
      ['#second', 2],
      ['third', 3],
    ],
  );
  const shown = describeLongest(new Repository(new Map([['packages/bus/src/a.ts', source]])));
  assert.ok(shown.includes('     3  packages/bus/src/a.ts:2 first'), shown.join('\n'));
});

test('a link leads to a file or a folder', () => {
  const files = {
    'docs/a.md': 'see [b](b.md#part), [site](https://example.com/x), [here](#top), [above](../docs/a.md)',
  };
  assertTidy({ ...files, 'docs/b.md': '' });
  assertProblem(/docs\/a\.md:1: b\.md#part leads nowhere/, files);
  assertProblem(/README\.md:3: docs\/ leads nowhere/, { 'README.md': '`[in code](x.md)`\n\n[docs](docs/)' });
  const repository = new Repository(new Map([['README.md', '[docs](docs/), ![shot](docs/shot.png)']]));
  assert.equal(checkRepository(repository).filter((p) => p.includes('nowhere')).length, 2);
  const whole = new Repository(repository.files, new Set(['README.md', 'docs', 'docs/shot.png']));
  assert.deepEqual(
    checkRepository(whole).filter((p) => p.includes('nowhere')),
    [],
  );
});

test('what Biome has to hold for us does fire', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-biome-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const { vcs: _, $schema: __, ...config } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  write('biome.json', JSON.stringify(config));
  write('src/work.ts', 'export async function work(): Promise<void> {}\n');
  write(
    'src/wrong.ts',
    `import { work } from './work.ts';
export const a = (x: any) => x;
export const b = (x?: string) => x!.length;
export function c() {
  work();
}
export default c;
`,
  );
  write('src/wrongName.ts', 'export const a = 1;\n');
  const output = await new Promise((resolve) => {
    const args = ['lint', '--reporter=json', '--max-diagnostics=100', '.'];
    execFile(join(root, 'node_modules/.bin/biome'), args, { cwd: folder, timeout: 60_000 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const rules = new Set(JSON.parse(output).diagnostics.map((d) => d.category.split('/').at(-1)));
  for (const rule of [
    'noFloatingPromises',
    'noExplicitAny',
    'noNonNullAssertion',
    'noDefaultExport',
    'useFilenamingConvention',
  ]) {
    assert.ok(rules.has(rule), `${rule} does not fire: ${[...rules].join(', ')}`);
  }
});
