// Of what most sessions never have: a list or a map of its own takes 30 to 250 bytes in each of them, also an empty one.

/** Shared by all lists that nothing is in. */
export const EMPTY: never[] = [];
Object.freeze(EMPTY);

/** The list with one more at its end: itself, or a new one in place of one that is empty. A list that grows by push() from nothing has room for 17. */
export function appended<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
