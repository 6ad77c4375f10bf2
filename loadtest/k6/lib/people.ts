import type { Settings } from './settings.ts';

/** Whom everybody writes to: five on either side, around a circle. */
const NEIGHBOURS_A_SIDE = 5;

export const nameOf = (index: number, { prefix }: Settings): string => `${prefix}${index}`;
export const jidOf = (index: number, settings: Settings): string => `${nameOf(index, settings)}@${settings.domain}`;

/** k6's virtual users, each of whom plays several. */
export const vusOf = ({ users, usersPerVu }: Settings): number => Math.max(1, Math.ceil(users / usersPerVu));

/** Whom the virtual user plays; `vu` counts from 1 over all instances of k6 (exec.vu.idInTest). */
export function usersOf(vu: number, { users, usersPerVu }: Settings): readonly number[] {
  const first = (vu - 1) * usersPerVu;
  const count = Math.max(0, Math.min(usersPerVu, users - first));
  return Array.from({ length: count }, (_, i) => first + i);
}

export function neighboursOf(index: number, { users }: Settings): readonly number[] {
  const found = new Set<number>();
  for (let distance = 1; distance <= NEIGHBOURS_A_SIDE; distance++)
    for (const other of [index + distance, index - distance]) found.add((other + users * NEIGHBOURS_A_SIDE) % users);
  found.delete(index);
  return [...found];
}
