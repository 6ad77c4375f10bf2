// Style as a test: fails on what is a fault, prints what is long. Floating promises, `any` and the like are Biome's (biome.json).
import { fileURLToPath, pathToFileURL } from 'node:url';
import { generate } from './gen.mjs';
import { describeLongest } from './tidy/longest.mjs';
import { readRepository } from './tidy/repository.mjs';
import {
  checkBorders,
  checkCycles,
  checkDependencies,
  checkOwners,
  checkPins,
  checkTiers,
} from './tidy/rules-imports.mjs';
import { checkFeatures, checkMains } from './tidy/rules-layout.mjs';
import { checkLinks, checkMachineTraces, checkNamespaces, checkSubjects } from './tidy/rules-text.mjs';

const RULES = [
  ...[checkTiers, checkBorders, checkOwners, checkDependencies, checkPins, checkCycles],
  ...[checkNamespaces, checkSubjects, checkMachineTraces, checkLinks],
  ...[checkFeatures, checkMains],
];

/** Everything that is a fault in a repository. */
export const checkRepository = (repository) => RULES.flatMap((rule) => rule(repository));

async function staleFiles() {
  try {
    const stale = await generate({ check: true });
    return stale.map((file) => `${file}: not fresh, run npm run gen`);
  } catch (error) {
    // Policy: what cannot be generated is one more fault, and the others are still worth reading.
    return [`npm run gen fails: ${error.message}`];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const repository = readRepository(fileURLToPath(new URL('..', import.meta.url)));
  const problems = [...checkRepository(repository), ...(await staleFiles())];
  console.log(describeLongest(repository).join('\n'));
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'tidy' : `${problems.length} faults`);
  if (problems.length > 0) process.exitCode = 1;
}
