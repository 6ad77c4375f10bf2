// The repository as the rules see it: files, their tokens and imports, and the workspaces' manifests.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tokenize } from './tokenize.mjs';

const SKIPPED_FOLDERS = new Set(['.git', '.cache', 'node_modules', 'dist', 'data']);
/** What runs have kept is led to, but not read. */
const UNREAD_FOLDER = 'results';
const TEXT_FILE = /(\.(ts|mjs|js|json|md|ya?ml|conf|sh|sql|proto|toml|xml|svg|tpl)|Dockerfile|\/[^.]+)$/;
const FILE_BYTES_MAX = 2_000_000;

/** Every text file below a folder: path → text; and the paths of all files and folders, those of skipped folders themselves included. */
export function readRepository(root) {
  const files = new Map();
  const paths = new Set();
  const walk = (folder, isRead) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      paths.add(relative(root, path));
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) walk(path, isRead && entry.name !== UNREAD_FOLDER);
      else if (isRead && entry.isFile() && TEXT_FILE.test(`/${entry.name}`)) {
        const text = readFileSync(path, 'utf8');
        if (text.length <= FILE_BYTES_MAX && !text.includes('\0')) files.set(relative(root, path), text);
      }
    }
  };
  walk(root, true);
  return new Repository(files, paths);
}

const TEST_FILE = /(\.|\/)(test|scenario|fixture|conformance|bench)\.(ts|mjs)$/;

/** One TypeScript source. */
class Source {
  constructor(path, text) {
    this.path = path;
    this.text = text;
    /** 'packages/bus', 'services/edge', 'loadtest'. */
    this.workspace = /^(packages|services|infra)\/[^/]+/.exec(path)?.[0] ?? path.split('/', 1)[0];
    this.isGenerated = path.includes('/generated/') || text.startsWith('// GENERATED');
    /** Whether only tests run it. */
    this.isTest =
      TEST_FILE.test(path) ||
      /\/(testing|conformance)\//.test(path) ||
      /^(packages\/testkit|loadtest|infra\/grafana)\//.test(path);
  }
  get lines() {
    return this.text.split('\n').length - 1;
  }
  get tokens() {
    this.cachedTokens ??= tokenize(this.text);
    return this.cachedTokens;
  }
  /** What it imports or re-exports, also by import() and require(): { specifier, line, isType }. */
  get imports() {
    this.cachedImports ??= importsOf(this.tokens);
    return this.cachedImports;
  }
}

function importsOf(tokens) {
  const found = [];
  let start = 0;
  tokens.forEach(({ kind, text, line }, i) => {
    const before = tokens[i - 1];
    if (kind === 'word' && (text === 'import' || text === 'export')) start = i;
    if (kind !== 'string') return;
    const call = before?.text === '(' ? tokens[i - 2]?.text : undefined;
    const isStatement = before?.kind === 'word' && (before.text === 'from' || before.text === 'import');
    if (!isStatement && call !== 'import' && call !== 'require') return;
    found.push({ specifier: text, line, isType: isStatement && tokens[start + 1]?.text === 'type' });
  });
  return found;
}

export class Repository {
  /**
   * @param files path from the root → text
   * @param paths what exists, text or not, folders too
   */
  constructor(files, paths = new Set(files.keys())) {
    this.files = files;
    this.paths = paths;
    this.sources = [...files]
      .filter(([path]) => /^(packages|services|loadtest|infra\/grafana)\/.*\.ts$/.test(path) && !path.endsWith('.d.ts'))
      .map(([path, text]) => new Source(path, text));
    /** 'packages/bus' → its package.json; '' → the root's. */
    this.manifests = new Map(
      [...files]
        .filter(([path]) => /^((packages|services)\/[^/]+\/|infra\/grafana\/|loadtest\/)?package\.json$/.test(path))
        .map(([path, text]) => [path.replace(/\/?package\.json$/, ''), JSON.parse(text)]),
    );
  }
}

/** '@starling/bus' of '@starling/bus/x', 'pg' of 'pg/lib'; undefined for a relative path, node:fs, or what k6 has within itself. */
export function packageOf(specifier) {
  if (/^(\.|\/|node:|k6\/)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
