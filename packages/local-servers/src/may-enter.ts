import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether the permissions let this user pass a folder and all folders above it (access control lists are not looked at). */
export function canEnter(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): boolean {
  const stat = statSync(folder);
  const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0;
  if (((stat.mode >> shift) & 1) === 0) return false;
  const above = dirname(folder);
  return above === folder || canEnter(above, { uid, gid });
}
