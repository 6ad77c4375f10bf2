// What has to lie where.

/** A feature comes with its test, its scenario and its README; its declaration bears the folder's name. */
export function checkFeatures(repository) {
  const folders = new Map();
  for (const path of repository.files.keys()) {
    const [, folder, file] = /^packages\/features\/src\/([^/_][^/]*)\/(.+)$/.exec(path) ?? [];
    if (folder) folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const problems = [];
  for (const [folder, files] of folders) {
    const say = (message) => problems.push(`packages/features/src/${folder}: ${message}`);
    const declaration = `${folder.replace(/^(xep|rfc)-\d+-/, '')}.ts`;
    if (!/^(xep-\d{4}|rfc-\d{4})-[a-z0-9-]+$/.test(folder)) say('a folder is called xep-NNNN-name or rfc-NNNN-name');
    if (!files.includes(declaration)) say(`no declaration ${declaration}`);
    if (!files.some((f) => f.endsWith('.test.ts'))) say('no test');
    if (!files.some((f) => f.endsWith('.scenario.ts'))) say('no scenario');
    if (!files.includes('README.md')) say('no README.md');
  }
  return problems;
}

const MAIN_LINES_MAX = 60;

/** A main.ts is the wiring diagram of its service, on one screen. */
export function checkMains(repository) {
  return repository.sources
    .filter((s) => /^services\/[^/]+\/src\/main\.ts$/.test(s.path) && s.lines > MAIN_LINES_MAX)
    .map((s) => `${s.path}: ${s.lines} lines; a main.ts has at most ${MAIN_LINES_MAX}`);
}
