import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everyMetric, metricNamesIn } from './known-metrics.mjs';
import { promtool, root } from './promtool.mjs';

const RULES = 'infra/prometheus/rules';
const CASES = 'infra/prometheus/tests';
const RUNBOOKS = 'docs/runbooks.md';

const read = (file) => readFileSync(join(root, file), 'utf8');
const files = readdirSync(join(root, RULES)).map((name) => join(RULES, name));
const cases = readdirSync(join(root, CASES)).map((name) => join(CASES, name));
const rules = files.map(read).join('\n');
/** The text of each alert, by its name. */
const alerts = new Map(
  rules
    .split(/^ {6}- (?=alert: |record: )/m)
    .map((text) => [/^alert: (\w+)$/m.exec(text)?.[1], text])
    .filter(([name]) => name !== undefined),
);

test('the rules are rules', () => {
  const { agrees, said } = promtool(['check', 'rules', ...files]);
  assert.ok(agrees, said);
});

test('each alert fires when it should, and not when it should not', () => {
  const { agrees, said } = promtool(['test', 'rules', ...cases]);
  assert.ok(agrees, said);
});

test('each alert has a case in which it fires and one in which it does not, a severity and a runbook', () => {
  const byName = new Map(
    cases
      .map(read)
      .join('\n')
      .split(/^ {2}- name: /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), text]),
  );
  const sections = new Set([...read(RUNBOOKS).matchAll(/^## (\w+)$/gm)].map(([, name]) => name));
  assert.ok(alerts.size > 0);
  for (const [name, text] of alerts) {
    const own = byName.get(name) ?? '';
    assert.match(own, new RegExp(`alertname="${name}"`), `${name} has no case`);
    assert.match(own, /namespace="bad"/, `${name}: no case in which it fires`);
    assert.match(own, /namespace="fine"/, `${name}: no case in which it does not fire`);
    assert.match(text, /severity: (page|ticket)$/m, `${name} has no severity`);
    assert.ok(text.includes(`runbook_url: ${RUNBOOKS}#${name.toLowerCase()}\n`), `${name} names no runbook`);
    assert.ok(sections.has(name), `${name} has no section in ${RUNBOOKS}`);
  }
  assert.deepEqual(
    [...sections].filter((name) => !alerts.has(name)),
    [],
    'sections without an alert',
  );
});

test('rules and runbooks name no metric that is not there', async () => {
  const { names } = await everyMetric();
  const unknown = (text) => [...metricNamesIn(text)].filter((name) => !names.has(name));
  assert.deepEqual(unknown(rules), []);
  assert.deepEqual(unknown(read(RUNBOOKS)), []);
});
