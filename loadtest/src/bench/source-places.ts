import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallFrame, PlaceOf } from './profile-report.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The places of functions in the sources, as the build's source maps have them; what has none stays where it runs. */
export function sourcePlaces(): PlaceOf {
  const maps = new Map<string, SourceMap | undefined>();
  return (frame) => {
    const { url, lineNumber, columnNumber } = frame;
    if (!url.startsWith('file:')) return `${url}:${lineNumber + 1}`;
    if (!maps.has(url)) maps.set(url, mapOf(url));
    const found = maps.get(url)?.findEntry(lineNumber, columnNumber);
    if (found === undefined || !('originalSource' in found)) return builtPlace(frame);
    return `${pathOf(new URL(found.originalSource, url).href)}:${found.originalLine + 1}`;
  };
}

const builtPlace = ({ url, lineNumber }: CallFrame): string => `${pathOf(url)}:${lineNumber + 1}`;

const pathOf = (url: string): string => relative(ROOT, fileURLToPath(url)).replace(/^.*node_modules\//, '');

function mapOf(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')) as SourceMapPayload);
  } catch {
    // Policy: what others have built mostly has none, and is shown as it is.
    return undefined;
  }
}
