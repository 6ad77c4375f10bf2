// The metrics that there are: what the declarations say, and what prom-client collects of a process.
import { pathToFileURL } from 'node:url';
import { collectDeclarations } from '../gen-sources.mjs';
import { root } from './promtool.mjs';

/** One registry with every instrument, each label set that is said; and the names of all series. */
export async function everyMetric() {
  const { metrics } = await collectDeclarations();
  const { MetricsRegistry } = await import(pathToFileURL(`${root}packages/runtime/dist/index.js`).href);
  const registry = new MetricsRegistry();
  registry.collectProcessMetrics();
  for (const { spec } of metrics) {
    const instruments = registry.register(spec);
    for (const [key, { labels, values }] of Object.entries(spec.instruments)) {
      // A label whose values nobody has said gets one, so that there is a sample.
      if (labels.length > 0 && values === undefined)
        instruments[key].with(Object.fromEntries(labels.map((label) => [label, 'x'])));
    }
  }
  const text = await registry.scrape();
  registry.clear();
  const names = new Set([...text.matchAll(/^([a-z_0-9]+)[{ ]/gm)].map(([, name]) => name));
  // Collected when the first collection of garbage has been.
  for (const part of ['bucket', 'sum', 'count']) names.add(`starling_nodejs_gc_duration_seconds_${part}`);
  return { text, names };
}

/** The names of our metrics in a text: PromQL, or YAML with PromQL in it. */
export const metricNamesIn = (text) => new Set([...text.matchAll(/\bstarling_[a-z0-9_]+\b/g)].map(([name]) => name));
