import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choice, configSpec, secret, text } from '@starling/runtime';
import { withDefaults } from '../specs.ts';
import { environmentForChildren, setKey } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'starling-environment-'));
after(() => rmSync(folder, { recursive: true }));

const specs = withDefaults(
  {
    some: configSpec({
      domain: text('STARLING_DOMAIN', 'localhost', {}, ''),
      registration: choice('STARLING_REGISTRATION', ['open', 'closed'], 'closed', ''),
      url: secret('STARLING_DATABASE_URL', '', ''),
    }),
  },
  { STARLING_REGISTRATION: 'open' },
);
const OWN = ['STARLING_REGISTRATION'];

test('flags become variables; the environment passes; a default of ours is told', () => {
  const env = { PATH: '/bin', STARLING_DOMAIN: 'from.environment' };
  assert.deepEqual(environmentForChildren(specs, { env, args: [] }, OWN), { ...env, STARLING_REGISTRATION: 'open' });
  assert.deepEqual(
    environmentForChildren(specs, { env, args: ['--domain', 'from.flag', '--registration', 'closed'] }, OWN),
    { PATH: '/bin', STARLING_DOMAIN: 'from.flag', STARLING_REGISTRATION: 'closed' },
  );
});

test('what the YAML file says is not overruled by a default of ours', () => {
  const file = join(folder, 'starling.yaml');
  writeFileSync(file, 'registration: closed\n');
  const env = { STARLING_CONFIG: file };
  assert.deepEqual(environmentForChildren(specs, { env, args: [] }, OWN), env);
});

test('a secret of a file is given once', () => {
  const file = join(folder, 'url');
  writeFileSync(file, 'postgresql://x\n');
  const env = { STARLING_REGISTRATION: 'open' };
  const children = environmentForChildren(specs, { env, args: ['--database-url-file', file] }, OWN);
  assert.deepEqual(children, { ...env, STARLING_DATABASE_URL: 'postgresql://x' });
  setKey(children, 'STARLING_DATABASE_URL', undefined);
  assert.deepEqual(children, env);
});
