import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderConfig, renderDoap, renderKnownKeys, renderMetrics, renderXeps } from './gen-docs.mjs';
import { FEATURES, renderIndex } from './gen-features.mjs';

const declarations = {
  features: [
    {
      folder: 'xep-0199-ping',
      title: 'XMPP Ping',
      feature: {
        xep: { number: 199, version: '2.0.1', status: 'partial', since: '0.1.0', note: 'a <b> | c' },
        runsOn: ['edge'],
      },
    },
    {
      folder: 'xep-0030-disco',
      title: 'Service Discovery',
      feature: { xep: { number: 30, version: '2.5.0', status: 'complete', since: '0.1.0' }, runsOn: ['edge'] },
    },
    {
      folder: 'rfc-6121-message',
      title: 'message',
      feature: { rfc: { number: 6121, sections: '5' }, runsOn: ['edge'] },
    },
  ],
  rfcs: [6120, 6121],
  configs: [
    { part: 'packages/bus', spec: 'first' },
    { part: 'packages/db', spec: 'second' },
  ],
  metrics: [{ part: 'packages/bus', spec: 'only' }],
};

test('the index has every folder with a declaration, in order', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'starling-gen-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const folder of ['xep-0352-client-state', 'rfc-6121-message', 'xep-0001-unfinished', '_template']) {
    mkdirSync(join(root, FEATURES, folder), { recursive: true });
  }
  writeFileSync(join(root, FEATURES, 'xep-0352-client-state/client-state.ts'), '');
  writeFileSync(join(root, FEATURES, 'rfc-6121-message/message.ts'), '');
  const index = renderIndex(root);
  assert.match(index, /import message from '\.\/rfc-6121-message\/message\.ts';\nimport clientState from/);
  assert.match(index, /= \[\n {2}message,\n {2}clientState,\n\];/);
  assert.doesNotMatch(index, /unfinished|template/);
});

test('XEPs are listed by number, with what is special in Markdown and XML escaped', () => {
  const xeps = renderXeps(declarations);
  assert.match(
    xeps,
    /XEP-0030.*\n.*XEP-0199.*\(\.\.\/packages\/features\/src\/xep-0199-ping\/\) \| XMPP Ping \| 2\.0\.1 \| partial .* a <b> \\\| c \|/,
  );
  assert.match(xeps, /\| RFC 6120 \| {2}\|\n\| RFC 6121 \| \[§5\]/);
  const doap = renderDoap(declarations, { description: 'a & b', license: 'Apache-2.0' });
  assert.match(doap, /<shortdesc xml:lang="en">a &amp; b</);
  assert.match(doap, /xep-0030\.html[\s\S]*xep-0199\.html"\/>\n\s*<xmpp:status>partial[\s\S]*a &lt;b&gt; \| c/);
  assert.match(doap, /info\/rfc6120/);
});

test('a key that two parts read is listed once; a metric under its part', () => {
  const row = (env) => ({ env, flag: '--x', kind: 'int', default: '5', min: '1', max: '', choices: [], doc: 'x' });
  const rows = { first: [row('STARLING_A')], second: [row('STARLING_A'), row('STARLING_B')] };
  const config = renderConfig(declarations, (spec) => rows[spec]);
  assert.equal(config.match(/`STARLING_A`/g).length, 1);
  assert.match(config, /## packages\/db[\s\S]*\| `STARLING_B` \| `--x` \| int, from 1 \| `5` \| x \|/);
  const metrics = renderMetrics(declarations, () => [
    { name: 'starling_x_total', type: 'counter', labels: ['kind'], help: 'x' },
  ]);
  assert.match(metrics, /## packages\/bus\n\n.*\n.*\n\| `starling_x_total` \| counter \| `kind` \| x \|/);
  const known = renderKnownKeys(declarations, (spec) => rows[spec].map((r) => r.env));
  assert.match(known, /= \[\n {2}'STARLING_A',\n {2}'STARLING_B',\n\];/);
});
