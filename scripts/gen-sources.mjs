// What the generated references are made of: the declarations that the built workspaces export. No list by hand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { filesBelow, workspaces } from './build.mjs';
import { declarationOf, FEATURES, featureFolders } from './gen-features.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const load = (file) => import(pathToFileURL(join(root, file)).href);
const isSpec = (kind) => (value) => typeof value === 'object' && value !== null && value.specOf === kind;

/** 'packages/db' for packages/db/dist/config.js; 'xep-0077-registration' for a file of a feature. */
function partOf(file) {
  const [group, workspace, , ...inner] = file.split('/');
  return `${group}/${workspace}/dist` === FEATURES.replace('/src', '/dist') ? inner[0] : `${group}/${workspace}`;
}

async function specsOf(kind, fileName) {
  const files = workspaces()
    .flatMap((w) => filesBelow(`${w}/dist`))
    .filter((f) => f.endsWith(`/${fileName}`))
    .sort();
  const found = [];
  for (const file of files) {
    const specs = Object.values(await load(file)).filter(isSpec(kind));
    found.push(...specs.map((spec) => ({ part: partOf(file), spec })));
  }
  return found;
}

/** The title that the first line of a declaration names: `// Source: XEP-0199 2.0.1 — XMPP Ping`. */
function titleOf(folder) {
  const [line] = readFileSync(join(root, FEATURES, folder, `${declarationOf(folder)}.ts`), 'utf8').split('\n', 1);
  return / — (.+)$/.exec(line)?.[1] ?? declarationOf(folder);
}

/** RFCs that no feature folder holds: a workspace says them in its package.json, `"starling": { "rfcs": [7622] }`. */
function coreRfcs() {
  const manifests = workspaces().map((w) => JSON.parse(readFileSync(join(root, w, 'package.json'), 'utf8')));
  return manifests.flatMap((m) => m.starling?.rfcs ?? []);
}

/** Everything that was declared, in a stable order. The build has to be fresh. */
export async function collectDeclarations() {
  const { features } = await load('packages/features/dist/index.js');
  const folders = new Map(featureFolders().map((f) => [f, titleOf(f)]));
  const declared = [];
  for (const [folder, title] of folders) {
    const module = await load(`packages/features/dist/${folder}/${declarationOf(folder)}.js`);
    const feature = module.default;
    if (!features.includes(feature)) throw new Error(`${folder} is not in the list of features`);
    declared.push({ folder, title, feature });
  }
  const declaredSpecs = (key, kind) =>
    declared
      .filter(({ feature }) => isSpec(kind)(feature[key]))
      .map(({ folder, feature }) => ({ part: folder, spec: feature[key] }));
  return {
    features: declared,
    rfcs: [...new Set([...coreRfcs(), ...declared.flatMap(({ feature }) => feature.rfc?.number ?? [])])].sort(
      (a, b) => a - b,
    ),
    configs: unique([...(await specsOf('config', 'config.js')), ...declaredSpecs('config', 'config')]),
    metrics: unique([...(await specsOf('metrics', 'metrics.js')), ...declaredSpecs('metrics', 'metrics')]),
  };
}

/** A spec that two files export is one spec. */
const unique = (found) =>
  [...new Map(found.map((f) => [f.spec, f])).values()].sort((a, b) => a.part.localeCompare(b.part));
