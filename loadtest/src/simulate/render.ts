import { pageOf } from './page.ts';
import { lastSimulations } from './result.ts';

/** docs/scale.md: path → content. Nothing when no result is kept. For scripts/gen.mjs. */
export function renderScale(folder?: URL): ReadonlyMap<string, string> {
  const kept = lastSimulations(folder);
  return kept.length === 0 ? new Map() : new Map([['docs/scale.md', pageOf(kept)]]);
}
