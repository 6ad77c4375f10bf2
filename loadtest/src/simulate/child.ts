// The process in which time is virtual: one of its own, since nothing else in it could tell the time.
import type { SimulateOptions, SimulateResult } from './result.ts';
import { installUncountedMemory } from './uncounted-memory.ts';

/** What it tells whoever has started it. */
export type Told = { readonly line: string } | { readonly result: SimulateResult } | { readonly error: string };

const tell = (told: Told): void => void process.send?.(told);

process.once('message', (options: SimulateOptions) => {
  play(options).then(
    (result) => tell({ result }),
    (error: unknown) => tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function play(options: SimulateOptions): Promise<SimulateResult> {
  installUncountedMemory();
  const { runSimulation } = await import('./run.ts');
  return runSimulation(options, (line) => tell({ line }));
}
