import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { CACHE } from '../own-world.ts';

/** The scripts for k6, which reads them as they are. */
export const SCRIPTS = fileURLToPath(new URL('../../k6/', import.meta.url));
export const SCENARIOS = ['chat', 'login', 'presence', 'reconnect', 'soak'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export const isScenario = (name: string): name is Scenario => (SCENARIOS as readonly string[]).includes(name);

/** Writes one of them, with all its parts, as one file of JavaScript for k6. */
export async function bundleForK6(scenario: Scenario, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(SCRIPTS, `${scenario}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6/*'],
    logLevel: 'silent',
  });
}

/** Loads one of them, or a part, into this process: k6's own modules are those of stand-in/. @param file such as `lib/ledger.ts` */
export async function loadScript(file: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = join(CACHE, 'k6');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${file.replaceAll('/', '-').replace(/\.ts$/, '')}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(SCRIPTS, file)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [
      {
        name: 'k6',
        setup(options) {
          options.onResolve({ filter: /^k6\// }, ({ path }) => {
            const module = new URL(`./stand-in/${path.slice('k6/'.length)}.js`, import.meta.url);
            return { path: module.href, external: true };
          });
        },
      },
    ],
  });
  return (await import(pathToFileURL(outfile).href)) as Readonly<Record<string, unknown>>;
}
