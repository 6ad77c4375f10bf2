// `npm start`: install and build what is missing, then `starling start` in this very process, so that signals reach it.
import { prepare, stopWithNpm } from './install.mjs';

stopWithNpm();
await prepare();
const { run } = await import('../services/starling/dist/index.js');
process.exit(await run(['start', ...process.argv.slice(2)]));
