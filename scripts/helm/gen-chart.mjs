// helm/starling: values.schema.json and README.md from values.yaml and the declarations; what the chart has of infra/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { renderChartReadme } from './chart-readme.mjs';
import { valuesDocs } from './values-docs.mjs';
import { valuesSchema } from './values-schema.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CHART = 'helm/starling';
const read = (file) => readFileSync(join(root, file), 'utf8');

function filesIn(folder, isWanted) {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true })
    .map((name) => join(folder, name))
    .filter(isWanted)
    .sort();
}

/** A chart can only use what lies in it. */
function copies() {
  const dashboards = filesIn('infra/grafana/dashboards', (file) => file.endsWith('.json'));
  const rules = filesIn('infra/prometheus/rules', (file) => file.endsWith('.yaml'));
  const wanted = new Map([
    [`${CHART}/files/nats/roles.conf`, read('infra/nats/roles.conf')],
    ...dashboards.map((file) => [`${CHART}/files/dashboards/${basename(file)}`, read(file)]),
    ...rules.map((file) => [`${CHART}/files/rules/${basename(file)}`, read(file)]),
  ]);
  const kept = filesIn(`${CHART}/files`, (file) => /\.(json|yaml)$/.test(file));
  return new Map([...kept.map((file) => [file, undefined]), ...wanted]);
}

/** The generated files of the chart; undefined: to be removed. */
export function renderChart(declarations, describe, marker) {
  const text = read(`${CHART}/values.yaml`);
  const docs = valuesDocs(text);
  const schema = valuesSchema(declarations, describe, docs);
  const chart = parse(read(`${CHART}/Chart.yaml`));
  return new Map([
    [`${CHART}/values.schema.json`, `${JSON.stringify(schema, null, 2)}\n`],
    [`${CHART}/README.md`, renderChartReadme({ marker, chart, values: parse(text), schema, docs })],
    ...copies(),
  ]);
}
