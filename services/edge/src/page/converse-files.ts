import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { HttpHeaders } from '@starling/feature-api';
import { typeOf } from './media-types.ts';
import { StaticFile } from './static-file.ts';

/** The parts of Converse.js that the page loads, or can come to load: no source maps, and nothing of what is switched off. */
const SINGLE_FILES = ['converse.min.js', 'converse.min.css', 'emoji.json'];
const FOLDERS = [
  'chunkjs/locales',
  'chunkjs/locales/dayjs',
  'images/custom_emojis',
  'images/logo',
  'sounds',
  'webfonts',
];
const SERVED = new Set(['.js', '.mp3', '.ogg', '.png', '.svg', '.ttf']);

export interface ConverseFiles {
  /** Below which path they are; it has the version in it, so that each is fetched once. */
  readonly base: string;
  /** By the path of the request. */
  readonly files: ReadonlyMap<string, StaticFile>;
}

/** Every file that exists now, by name: what is asked for later is looked up here and nowhere else. */
export function converseFiles(headers: HttpHeaders): ConverseFiles {
  const folder = dirname(createRequire(import.meta.url).resolve('converse.js/dist/converse.min.js'));
  const { version } = JSON.parse(readFileSync(join(folder, '../package.json'), 'utf8')) as { version: string };
  const listed = FOLDERS.flatMap((inner) =>
    readdirSync(join(folder, inner))
      .filter((name) => SERVED.has(extname(name)))
      .map((name) => `${inner}/${name}`),
  );
  const base = `/converse-${version}`;
  const files = [...SINGLE_FILES, ...listed].map((name) => {
    const file = new StaticFile({ ...typeOf(name), headers, read: () => readFileSync(join(folder, name)) });
    return [`${base}/${name}`, file] as const;
  });
  return { base, files: new Map(files) };
}
