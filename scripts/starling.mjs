#!/usr/bin/env node
// The `starling` command: install and build what is missing, then the command in this very process.
import { prepare, stopWithNpm } from './install.mjs';

stopWithNpm();
await prepare();
const { run } = await import('../services/starling/dist/index.js');
process.exit(await run(process.argv.slice(2)));
