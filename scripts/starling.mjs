#!/usr/bin/env node
// The `starling` command: install and build what is missing, then the command in this very process.
import { prepare } from './install.mjs';

await prepare();
const { run } = await import('../services/starling/dist/index.js');
process.exitCode = await run(process.argv.slice(2));
