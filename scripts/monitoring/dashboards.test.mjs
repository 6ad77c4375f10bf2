import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everyMetric, metricNamesIn } from './known-metrics.mjs';
import { root } from './promtool.mjs';

const FOLDER = 'infra/grafana/dashboards';
const dashboards = readdirSync(join(root, FOLDER)).map((name) =>
  JSON.parse(readFileSync(join(root, FOLDER, name), 'utf8')),
);

test('dashboards ask for no metric that is not there', async () => {
  const { names } = await everyMetric();
  for (const { title, panels } of dashboards) {
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    assert.deepEqual(
      [...metricNamesIn(asked)].filter((name) => !names.has(name)),
      [],
      title,
    );
  }
});

test('recorded series that dashboards show are recorded', () => {
  const rules = readFileSync(join(root, 'infra/prometheus/rules/recording.yaml'), 'utf8');
  const recorded = new Set([...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name));
  const asked = JSON.stringify(dashboards).matchAll(/\bstarling:[a-z_0-9]+:[a-z_0-9]+/g);
  for (const [name] of asked) assert.ok(recorded.has(name), name);
});

test('each panel says what it shows, and has a place and a name of its own in its dashboard', () => {
  for (const { title, uid, panels } of dashboards) {
    assert.match(uid, /^starling-[a-z-]+$/);
    const shown = panels.filter(({ type }) => type !== 'row');
    assert.ok(shown.length > 0, title);
    for (const { description, targets } of shown) assert.ok(description && targets.length > 0, title);
    const unique = (what, of) => assert.equal(new Set(shown.map(of)).size, shown.length, `${title}: ${what} twice`);
    unique('an id', ({ id }) => id);
    unique('a place', ({ gridPos }) => `${gridPos.x} ${gridPos.y}`);
  }
});
