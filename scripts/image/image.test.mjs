// What infra/Dockerfile copies, run as it will be: as 65532, from a tree that nobody may write to, with nothing else of the repository.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assemble, neededPackages } from './assemble.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOBODY = 65_532;
const READY_TIMEOUT_MS = 30_000;
const isRoot = process.getuid?.() === 0;
const dockerfile = readFileSync(join(root, 'infra/Dockerfile'), 'utf8');
/** The last stage alone: what is in the image. */
const finalStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
const COPIES = [...finalStage.matchAll(/^COPY (?:--\S+ )*(\S+) (\S+)$/gm)].map(([, from, to]) => [from, to]);

const folder = mkdtempSync(join(tmpdir(), 'starling-image-'));
const image = join(folder, 'starling');
after(() => rmSync(folder, { recursive: true, force: true }));

/** Takes the right to write from everybody; root is stopped by running as somebody else. */
function makeReadOnly(path) {
  if (lstatSync(path).isSymbolicLink()) return;
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) makeReadOnly(join(path, name));
    chmodSync(path, 0o555);
  } else chmodSync(path, 0o444);
}

function makeWritable(path) {
  if (lstatSync(path).isSymbolicLink() || !lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}

const as = { cwd: image, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) };
/** Nothing of the machine's settings, and no home. */
const ENV = { NODE_ENV: 'production', PATH: '/usr/bin:/bin' };
const run = (args, env = {}) => spawnSync(process.execPath, args, { ...as, env: { ...ENV, ...env }, encoding: 'utf8' });

describe('the container image', () => {
  before(() => {
    assemble(image);
    makeReadOnly(image);
    chmodSync(folder, 0o755);
  });
  after(() => makeWritable(image));

  it('is what the Dockerfile copies, and runs by number, without root', () => {
    assert.match(dockerfile, /node scripts\/image\/assemble\.mjs \/image\/starling$/m);
    assert.deepEqual(COPIES, [
      ['/image/starling', '/starling'],
      ['/image/data', '/data'],
      ['infra/image/starling', '/usr/local/bin/starling'],
    ]);
    assert.match(finalStage, new RegExp(`^USER ${NOBODY}:${NOBODY}$`, 'm'));
    assert.doesNotMatch(finalStage, /^(RUN|ADD) /m);
  });

  it('has no sources, no tests and no tools', () => {
    const files = readdirSync(image, { recursive: true }).filter((name) => !name.startsWith('node_modules/'));
    assert.deepEqual(
      files.filter((name) => /\.(test|scenario|bench)\.js$|(?<!\.d)\.ts$/.test(name)),
      [],
    );
    const packages = readdirSync(join(image, 'node_modules'));
    for (const tool of ['esbuild', 'typescript', '@biomejs', 'playwright-core', 'protobufjs-cli', 'fast-check'])
      assert.ok(!packages.includes(tool), tool);
    assert.ok(!readdirSync(join(image, 'packages')).includes('testkit'));
  });

  it('has what every service and the command name, and the chart starts', () => {
    for (const service of ['edge', 'presence', 'roster', 'archive']) {
      const { status, stdout, stderr } = run([`services/${service}/dist/main.js`, '--check-config']);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, 'the configuration is good\n');
    }
    assert.match(run(['services/starling/dist/main.js', '--version']).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('serves, and writes nowhere but into its data', { timeout: READY_TIMEOUT_MS * 2 }, async () => {
    const data = mkdtempSync(join(folder, 'data-'));
    if (isRoot) chownSync(data, NOBODY, NOBODY);
    const ports = {
      STARLING_C2S_PORT: '0',
      STARLING_C2S_TLS_PORT: '0',
      STARLING_HTTP_PORT: '0',
      STARLING_ADMIN_PORT: '0',
    };
    const env = { ...ENV, ...ports, STARLING_DATA_DIR: data };
    const child = spawn(process.execPath, ['services/starling/dist/main.js', 'start', '--json-ready'], { ...as, env });
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_TIMEOUT_MS);
    const ended = once(child, 'exit');
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    try {
      const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
      assert.equal(typeof line, 'string', errors);
      const { ready, endpoints } = JSON.parse(line);
      assert.ok(ready);
      const response = await fetch(`http://127.0.0.1:${endpoints.admin}/readyz`);
      assert.equal(response.status, 200);
      const page = await fetch(`http://127.0.0.1:${endpoints.http}/`);
      assert.equal(page.status, 200);
      const reach = ['--data-dir', data, '--host', '127.0.0.1', '--port', String(endpoints.c2s)];
      const tried = run(['services/starling/dist/main.js', 'try', ...reach], { STARLING_DATA_DIR: data });
      assert.equal(tried.status, 0, tried.stderr);
    } finally {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    }
    assert.equal(child.exitCode, 0, errors);
  });
});

describe('what is needed at run time', () => {
  it('is found as Node finds it', () => {
    const packages = {
      app: { dependencies: { a: '1', linked: '1' }, optionalDependencies: { absent: '1' } },
      'node_modules/a': { dependencies: { b: '2' }, peerDependencies: { c: '1' } },
      'node_modules/a/node_modules/b': {},
      'node_modules/b': {},
      'node_modules/c': {},
      'node_modules/linked': { link: true, resolved: 'lib' },
      lib: { dependencies: { b: '1' }, devDependencies: { d: '1' } },
      'node_modules/d': {},
    };
    assert.deepEqual(neededPackages(packages, 'app'), [
      'app',
      'lib',
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/b',
      'node_modules/c',
      'node_modules/linked',
    ]);
  });
});
