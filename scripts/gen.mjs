// Writes every generated file (npm run gen), or fails when one of them is not what it would write (--check).
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { MARKER, renderConfig, renderDoap, renderKnownKeys, renderMetrics, renderXeps } from './gen-docs.mjs';
import { FEATURES, renderIndex } from './gen-features.mjs';
import { generateProto } from './gen-proto.mjs';
import { collectDeclarations } from './gen-sources.mjs';
import { renderChart } from './helm/gen-chart.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const KNOWN_KEYS = 'packages/runtime/src/generated/known-keys.ts';

const read = (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined);

/** Writes what differs, removes what has no content; with `check` only tells. Returns the files that differed. */
function settle(files, check) {
  const stale = [...files].filter(([file, content]) => read(file) !== content);
  for (const [file, content] of check ? [] : stale) {
    if (content === undefined) {
      rmSync(join(root, file));
      continue;
    }
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return stale.map(([file]) => file);
}

/** Sources first: the references are made from the build of them. Returns the files that were not fresh. */
export async function generate({ check = false } = {}) {
  const sources = new Map([...generateProto(), [`${FEATURES}/index.ts`, renderIndex()]]);
  const stale = settle(sources, check);
  // A stale source would only make the references fail in a less telling way.
  if (check && stale.length > 0) return stale;
  if (read(KNOWN_KEYS) === undefined)
    settle(new Map([[KNOWN_KEYS, renderKnownKeys({ configs: [] }, () => [])]]), false);
  await build();
  const declarations = await collectDeclarations();
  const { describeConfig, describeMetrics, variableNames } = await import(
    pathToFileURL(join(root, 'packages/runtime/dist/index.js')).href
  );
  const { renderPerformance } = await import(pathToFileURL(join(root, 'loadtest/dist/performance/render.js')).href);
  const { renderScale } = await import(pathToFileURL(join(root, 'loadtest/dist/simulate/render.js')).href);
  const { renderDashboards } = await import(pathToFileURL(join(root, 'infra/grafana/dist/index.js')).href);
  const references = new Map([
    ['docs/config.md', renderConfig(declarations, describeConfig)],
    ['docs/metrics.md', renderMetrics(declarations, describeMetrics)],
    ['docs/xeps.md', renderXeps(declarations)],
    ['doap.xml', renderDoap(declarations, JSON.parse(read('package.json')))],
    [KNOWN_KEYS, renderKnownKeys(declarations, variableNames)],
    ...renderDashboards(),
    ...renderPerformance(),
    ...renderScale(),
    ...renderChart(declarations, describeConfig, MARKER),
  ]);
  stale.push(...settle(references, check));
  if (!check && stale.includes(KNOWN_KEYS)) await build();
  return stale;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const check = process.argv.includes('--check');
  const stale = await generate({ check });
  for (const file of stale) console.log(check ? `not fresh: ${file} (npm run gen)` : `written: ${file}`);
  if (check && stale.length > 0) process.exitCode = 1;
}
