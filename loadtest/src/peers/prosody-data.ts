import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SharedKeys } from '../presence/scram.ts';

/** How Prosody's own storage writes a dot in the name of a folder. */
const folderOf = (domain: string) => domain.replaceAll('.', '%2e');

/** Files of one store and one domain, for a Prosody that does not run: file name without its ending → content. */
export function writeProsodyStore(
  dataFolder: string,
  domain: string,
  store: 'accounts' | 'roster',
  files: Iterable<readonly [name: string, content: string]>,
): void {
  const folder = join(dataFolder, folderOf(domain), store);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, `${name}.dat`), content);
}

/** As internal_hashed has it, Prosody 0.12: the salt is used as it stands there. */
export function hashedAccount({ salt, iterations, storedKey, serverKey }: SharedKeys): string {
  const entries = [
    `["iteration_count"] = ${iterations};`,
    `["salt"] = "${salt.toString('latin1')}";`,
    `["stored_key"] = "${storedKey.toString('hex')}";`,
    `["server_key"] = "${serverKey.toString('hex')}";`,
  ];
  return `return {\n${entries.map((entry) => `\t${entry}\n`).join('')}};\n`;
}

/** As internal_plain has it. */
export const plainAccount = (password: string): string => `return {\n\t["password"] = "${password}";\n};\n`;

/** As Prosody 0.12 writes it. Made by stanzas they take it many minutes, and some of them go missing. */
export function rosterOf(user: number, domain: string, users: number, contacts: number): string {
  const size = contacts + 1;
  const first = user - (user % size);
  const items: string[] = [];
  for (let other = first; other < Math.min(first + size, users); other++)
    if (other !== user) items.push(`\t["u${other}@${domain}"] = { ["subscription"] = "both"; ["groups"] = {}; };\n`);
  return `return {\n\t[false] = { ["version"] = ${items.length}; };\n${items.join('')}};\n`;
}
