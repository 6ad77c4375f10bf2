import { run } from './index.ts';

process.exit(await run(process.argv.slice(2)));
