// A service that misbehaves on request: run-service.test.ts starts it as a process of its own.
import { ConfigError } from './config-load.ts';
import { choice, configSpec, secret } from './config-spec.ts';
import { runService } from './run-service.ts';

const fixtureConfig = configSpec({
  start: choice('STARLING_START', ['well', 'fail', 'hang', 'config'], 'well', 'how it starts'),
  stop: choice('STARLING_STOP', ['well', 'fail', 'hang'], 'well', 'how it stops'),
  crash: choice('STARLING_CRASH', ['no', 'throw', 'reject'], 'no', 'what it does when asked to crash'),
  password: secret('STARLING_PASSWORD', '', 'never shown'),
});

await runService('fixture', { fixture: fixtureConfig }, async ({ config, use, log, admin, health, announce }) => {
  const { start, stop, crash } = config.fixture;
  const note = (part: string) => log.info({ what: 'service_stopping', part });
  await use('first', 'first', note);
  await use('second', 'second', (part) => {
    note(part);
    if (stop === 'fail') throw new Error('does not stop');
    return stop === 'hang' ? new Promise<void>(() => {}) : undefined;
  });
  if (start === 'fail') throw new Error('does not start');
  if (start === 'config') throw new ConfigError(['STARLING_A and STARLING_B do not fit together']);
  if (start === 'hang') await new Promise(() => {});
  health.ready('well', () => true);
  admin.route('POST', '/crash', () => {
    setImmediate(() => {
      if (crash === 'reject') void Promise.reject(new Error('crashed'));
      else throw new Error('crashed');
    });
    return { status: 202 };
  });
  announce({ c2s: 5222, password: config.fixture.password });
});
