// node dist/write-golden.js <release>: keeps what this release writes, once, when it is made.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { GOLDEN, GOLDEN_FOLDER } from './golden.ts';

const release = process.argv[2];
if (release === undefined || !/^\d+\.\d+\.\d+$/.test(release)) throw new Error('usage: write-golden.js <release>');
const samples = GOLDEN[release];
if (samples === undefined) throw new Error(`${release} has no samples in golden.ts`);
const folder = new URL(`${release}/`, GOLDEN_FOLDER);
if (existsSync(folder)) throw new Error(`${release} has been written; golden bytes never change`);
mkdirSync(folder, { recursive: true });
for (const [name, { encode }] of Object.entries(samples)) writeFileSync(new URL(`${name}.bin`, folder), encode());
