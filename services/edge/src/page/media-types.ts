import { extname } from 'node:path';

export interface MediaType {
  readonly type: string;
  /** Whether gzip makes it smaller. */
  readonly compressible: boolean;
}

const TYPES: Readonly<Record<string, MediaType>> = {
  '.css': { type: 'text/css; charset=utf-8', compressible: true },
  '.html': { type: 'text/html; charset=utf-8', compressible: true },
  '.js': { type: 'text/javascript; charset=utf-8', compressible: true },
  '.json': { type: 'application/json', compressible: true },
  '.mp3': { type: 'audio/mpeg', compressible: false },
  '.ogg': { type: 'audio/ogg', compressible: false },
  '.png': { type: 'image/png', compressible: false },
  '.svg': { type: 'image/svg+xml', compressible: true },
  '.ttf': { type: 'font/ttf', compressible: true },
};

/** @throws Error for a file that the page is not made of */
export function typeOf(name: string): MediaType {
  const found = TYPES[extname(name)];
  if (found === undefined) throw new Error(`${name} has no media type`);
  return found;
}
