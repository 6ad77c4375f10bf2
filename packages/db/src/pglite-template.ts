import { cpSync, existsSync, renameSync } from 'node:fs';

/** For tests, which make dozens of databases: the folder of an empty one. To make one takes PGlite seconds of CPU, to copy it a fraction of one. */
export const PGLITE_TEMPLATE_VARIABLE = 'TEST_PGLITE_TEMPLATE';

/** Puts a copy of the template, if there is one, where a database is to be made. */
export function copyTemplate(folder: string, template = process.env[PGLITE_TEMPLATE_VARIABLE] ?? ''): void {
  if (template === '' || existsSync(folder)) return;
  const unfinished = `${folder}.new`;
  cpSync(template, unfinished, { recursive: true });
  renameSync(unfinished, folder);
}
