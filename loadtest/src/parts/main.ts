// Measures the parts that packages have, in a process of its own; started by ../bench-parts.ts. Prints a PartLine for each.
import { type MeasureOptions, measurePart, type Part } from '@starling/testkit/parts';
import { codecParts } from './codec-parts.ts';
import { withLogParts } from './log-parts.ts';
import { scanParts } from './scan-parts.ts';
import { scramParts } from './scram-parts.ts';

const options = JSON.parse(process.argv[2] ?? '') as MeasureOptions;

async function tell(parts: readonly Part[]): Promise<void> {
  for (const part of parts) console.log(JSON.stringify(await measurePart(part, options)));
}

await tell([...scanParts(), ...codecParts(), ...scramParts()]);
await withLogParts(tell);
