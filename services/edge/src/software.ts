import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What the server says of itself (XEP-0092). */
export const SOFTWARE = { name: 'Starling', version: manifest.version } as const;
