import { readFileSync } from 'node:fs';
import type { HttpHeaders, HttpTable } from '@starling/feature-api';
import { escapeAttribute } from '@starling/xml';
import { converseFiles } from './converse-files.ts';
import { typeOf } from './media-types.ts';
import { CONTENT_SECURITY, SECURITY_HEADERS } from './security-headers.ts';
import { StaticFile } from './static-file.ts';

export interface PageOptions {
  readonly domain: string;
  /** Whether strangers may register. */
  readonly registration: boolean;
}

/** Its name changes when it does. */
const FOR_EVER: HttpHeaders = { ...SECURITY_HEADERS, 'cache-control': 'public, max-age=31536000, immutable' };
const REVALIDATED: HttpHeaders = { ...SECURITY_HEADERS, ...CONTENT_SECURITY, 'cache-control': 'no-cache' };

const asset = (name: string): Buffer => readFileSync(new URL(`./assets/${name}`, import.meta.url));

/** Adds the web client, Converse.js as it comes from npm, to what the HTTP port answers: `/` and every file that it loads. */
export function addPage(http: HttpTable, { domain, registration }: PageOptions): void {
  const converse = converseFiles(FOR_EVER);
  for (const [path, file] of converse.files) http.add(path, ({ headers }) => file.answer(headers));

  const values = new Map([
    ['domain', domain],
    ['registration', registration ? 'open' : 'closed'],
    ['converse', converse.base],
  ]);
  for (const name of ['page.css', 'page.js', 'icon.svg']) {
    const file = new StaticFile({ ...typeOf(name), headers: FOR_EVER, read: () => asset(name) });
    const [stem, extension] = name.split('.');
    const path = `/${stem}-${file.hash}.${extension}`;
    values.set(name, path);
    http.add(path, ({ headers }) => file.answer(headers));
  }

  const html = asset('index.html')
    .toString()
    .replace(/\{\{([\w.]+)\}\}/g, (_, name: string) => escapeAttribute(values.get(name) ?? ''));
  const index = new StaticFile({ ...typeOf('index.html'), headers: REVALIDATED, read: () => Buffer.from(html) });
  http.add('/', ({ headers }) => index.answer(headers));
}
