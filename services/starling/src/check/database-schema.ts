import { judged, type Look, type Outcome, ok, warning } from './finding.ts';
import type { DatabaseFacts } from './look-at-database.ts';

/** What of the tables is there. A file that was changed after it was run is an error of looking: the server's finding has it. */
export const judgeDatabaseSchema = (look: Look<DatabaseFacts>): Outcome =>
  judged(look, 'made and brought up to date at the start', ({ migrations }) => {
    const all = Object.entries(migrations);
    const later = all.flatMap(([service, state]) => state.later.map((name) => `${service}/${name}`));
    const pending = all.flatMap(([service, state]) => state.pending.map((name) => `${service}/${name}`));
    const last = all.filter(([, state]) => state.last !== '').map(([service, state]) => `${service}/${state.last}`);
    if (last.length === 0) return ok('empty: the tables will be made at the start');
    const text = `migrated to ${last.join(', ')}`;
    if (later.length > 0)
      return warning(`${text}: a later release has run ${later.join(', ')}; this one works beside it`);
    return ok(
      pending.length === 0 ? text : `${text}; ${pending.join(', ')} will be run at the start, or by starling migrate`,
    );
  });
