import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withDeadline } from './deadline.ts';

const FIXTURE = fileURLToPath(new URL('./run-service.fixture.js', import.meta.url));
const TEST_TIMEOUT_MS = 15_000;

/** One run of the fixture; ends with the test. */
class Run {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [FIXTURE, '--admin-port=0', ...args], {
      env: { PATH: process.env.PATH, ...env },
    });
    this.child.stdout?.on('data', (chunk) => this.#append('stdout', chunk));
    this.child.stderr?.on('data', (chunk) => this.#append('stderr', chunk));
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }
  #append(stream: 'stdout' | 'stderr', chunk: unknown): void {
    this[stream] += String(chunk);
    for (const watch of this.#watchers) watch();
  }
  async until(condition: () => boolean, label: string): Promise<void> {
    let watch = () => {};
    const met = new Promise<void>((resolve) => {
      watch = () => condition() && resolve();
    });
    this.#watchers.add(watch);
    watch();
    await withDeadline(met, TEST_TIMEOUT_MS, label);
    this.#watchers.delete(watch);
  }
  async ready(): Promise<Record<string, unknown>> {
    await this.until(() => this.stdout.includes('\n'), `ready line; stderr: ${this.stderr}`);
    return JSON.parse(this.stdout) as Record<string, unknown>;
  }
  logged(what: string): readonly Record<string, unknown>[] {
    const lines = this.stderr.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.what === what);
  }
  async end(): Promise<number | null> {
    return withDeadline(this.exited, TEST_TIMEOUT_MS, 'exit');
  }
}

function run(
  t: { after(f: () => void): void },
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Run {
  const started = new Run(args, env);
  t.after(() => void started.child.kill('SIGKILL'));
  return started;
}

test('the ready line, then SIGTERM: stopped in reverse order, exit 0', async (t) => {
  const service = run(t, ['--json-ready', '--id', 'fixture-1'], { STARLING_PASSWORD: 'sesame' });
  const { admin, pid, ...line } = await service.ready();
  assert.deepEqual(line, { ready: true, service: 'fixture', id: 'fixture-1', c2s: 5222, password: '***' });
  assert.equal(pid, service.child.pid);
  assert.equal((await fetch(`http://127.0.0.1:${admin}/readyz`)).status, 200);
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  assert.match(metrics, /starling_process_cpu/);
  assert.match(metrics, /^starling_build_info\{service="fixture",version="[\d.]+",node="v[\d.]+"\} 1$/m);
  assert.match(metrics, /^starling_runtime_ready 1$/m);
  assert.match(metrics, /^starling_runtime_stopping_seconds 0$/m);
  assert.match(metrics, /^starling_runtime_log_lines_total\{level="info"\} [1-9]/m);
  service.child.kill('SIGTERM');
  assert.equal(await service.end(), 0);
  assert.deepEqual(
    service.logged('service_stopping').map((l) => l.part),
    [undefined, 'second', 'first'],
  );
  assert.equal(service.logged('service_stopped').length, 1);
  assert.doesNotMatch(service.stdout + service.stderr, /sesame/);
});

test('not ready while it stops; a second signal ends it at once', async (t) => {
  const service = run(t, ['--json-ready', '--stop=hang']);
  const { admin } = await service.ready();
  service.child.kill('SIGINT');
  await service.until(() => service.logged('service_stopping').length === 2, 'the stop that hangs');
  const reply = await fetch(`http://127.0.0.1:${admin}/readyz`);
  assert.deepEqual([reply.status, await reply.json()], [503, { ready: false, reasons: ['service: stopping'] }]);
  service.child.kill('SIGINT');
  assert.equal(await service.end(), 130);
});

test('the hard timer ends a stop that hangs', async (t) => {
  const service = run(t, ['--json-ready', '--stop=hang', '--stop-timeout=1s']);
  await service.ready();
  service.child.kill('SIGTERM');
  assert.equal(await service.end(), 1);
  assert.equal(service.logged('service_stop_forced').length, 1);
});

test('what cannot be stopped is logged, the rest is stopped, and the code says so', async (t) => {
  const service = run(t, ['--json-ready', '--stop=fail']);
  await service.ready();
  service.child.kill('SIGTERM');
  assert.equal(await service.end(), 1);
  assert.deepEqual(
    service.logged('service_stop_failed').map((l) => l.part),
    ['second'],
  );
  assert.equal(service.logged('service_stopping').at(-1)?.part, 'first');
});

test('a start that fails stops what had started', async (t) => {
  const service = run(t, ['--json-ready', '--start=fail']);
  assert.equal(await service.end(), 1);
  assert.equal(service.stdout, '');
  assert.equal(service.logged('service_start_failed').length, 1);
  assert.equal(service.logged('service_stopping').at(-1)?.part, 'first');
});

test('a signal during the start is a stop like any other', async (t) => {
  const service = run(t, ['--json-ready', '--start=hang']);
  await service.until(() => service.logged('service_starting').length === 1, 'start');
  service.child.kill('SIGTERM');
  assert.equal(await service.end(), 0);
});

for (const crash of ['throw', 'reject']) {
  test(`a mistake of ours (${crash}) stops the process in order, with code 1`, async (t) => {
    const service = run(t, ['--json-ready', '--crash', crash]);
    const { admin } = await service.ready();
    await fetch(`http://127.0.0.1:${admin}/crash`, { method: 'POST' });
    assert.equal(await service.end(), 1);
    assert.equal(service.logged('process_failed').length, 1);
    assert.equal(service.logged('service_stopped').length, 1);
  });
}

test('a wrong configuration: all problems on stderr, exit 78', async (t) => {
  const service = run(t, ['--stopp=well', '--start=never'], {
    STARLING_CRSH: 'no',
    STARLING_DOMAIN: 'of another service',
    STARLING_TEST_ANYTHING: 'of the test-suite',
  });
  assert.equal(await service.end(), 78);
  assert.equal(
    service.stderr,
    `fixture: the configuration is wrong
  --stopp: unknown key; did you mean --stop?
  STARLING_CRSH: unknown key; did you mean STARLING_CRASH?
  --start: 'never' is none of well, fail, hang, config
`,
  );
  const late = run(t, ['--start=config', '--log-level=silent']);
  assert.equal(await late.end(), 78);
  assert.match(late.stderr, /STARLING_A and STARLING_B do not fit together/);
});

test('--help, --check-config and --print-config start nothing', async (t) => {
  const help = run(t, ['--help']);
  const check = run(t, ['--check-config']);
  const print = run(t, ['--print-config', '--stop', 'fail'], { STARLING_PASSWORD: 'sesame' });
  assert.deepEqual([await help.end(), await check.end(), await print.end()], [0, 0, 0]);
  assert.match(help.stdout, /--stop <well\|fail\|hang>\n {6}how it stops \(default well\)/);
  assert.match(help.stdout, /--password-file <secret>/);
  assert.equal(check.stdout, 'the configuration is good\n');
  assert.match(print.stdout, /^stop: "fail" # flag$/m);
  assert.match(print.stdout, /^password: "\*\*\*" # environment$/m);
  assert.equal(help.stderr + check.stderr + print.stderr, '');
});
