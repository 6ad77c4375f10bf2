import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How Prosody's own storage writes a dot in the name of a folder. */
const folderOf = (domain: string) => domain.replaceAll('.', '%2e');

/**
 * Writes the rosters of a Prosody that does not run: in groups of `contacts` + 1 everybody has everybody else. Made by stanzas they take it many
 * minutes, and some of them go missing.
 */
export function writeProsodyRosters(dataFolder: string, domain: string, users: number, contacts: number): void {
  const domainFolder = join(dataFolder, folderOf(domain));
  const { uid, gid } = statSync(domainFolder);
  const folder = join(domainFolder, 'roster');
  mkdirSync(folder, { recursive: true });
  chownSync(folder, uid, gid);
  for (let user = 0; user < users; user++) {
    const file = join(folder, `u${user}.dat`);
    writeFileSync(file, rosterOf(user, domain, users, contacts));
    chownSync(file, uid, gid);
  }
}

/** As Prosody 0.12 writes it. */
export function rosterOf(user: number, domain: string, users: number, contacts: number): string {
  const size = contacts + 1;
  const first = user - (user % size);
  const items: string[] = [];
  for (let other = first; other < Math.min(first + size, users); other++)
    if (other !== user) items.push(`\t["u${other}@${domain}"] = { ["subscription"] = "both"; ["groups"] = {}; };\n`);
  return `return {\n\t[false] = { ["version"] = ${items.length}; };\n${items.join('')}};\n`;
}
