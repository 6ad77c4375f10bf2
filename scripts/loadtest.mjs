// `npm run bench`, `npm run smoke:kill` and the others of loadtest/README.md: install and build what is missing, then the run in this very process.
import { prepare } from './install.mjs';

await prepare();
const { run } = await import('../loadtest/dist/index.js');
process.exitCode = await run(process.argv.slice(2));
