// What one log has after a restore → what is wrong with it. Pure.

/** Numbers of the messages in one log, in its order, and what is known of them. */
export interface RestoredLog {
  readonly owner: string;
  readonly numbers: readonly number[];
  /** Acknowledged before the backup. */
  readonly promised: readonly number[];
  /** Sent and acknowledged after the restore. */
  readonly fresh: readonly number[];
  /** Who has sent a message; the numbers of each rise. */
  readonly senderOf: (number: number) => number;
}

/** Every fault as one line; none when what was promised is there once and in order, and what is new is behind it. */
export function troubleOf({ owner, numbers, promised, fresh, senderOf }: RestoredLog): readonly string[] {
  const trouble: string[] = [];
  const all = new Set(numbers);
  const tell = (count: number, what: string) => {
    if (count > 0) trouble.push(`${owner}: ${count} ${what}`);
  };
  tell(promised.filter((number) => !all.has(number)).length, 'acknowledged before the backup are missing');
  tell(fresh.filter((number) => !all.has(number)).length, 'acknowledged after the restore are missing');
  tell(numbers.length - all.size, 'are there twice');
  tell(descents(numbers, senderOf), 'are out of order');
  const isFresh = new Set(fresh);
  const firstFresh = numbers.findIndex((number) => isFresh.has(number));
  const behind = firstFresh < 0 ? [] : numbers.slice(firstFresh).filter((number) => !isFresh.has(number));
  tell(behind.length, 'of before the restore are behind new ones');
  return trouble;
}

/** Numbers that are lower than one of the same sender before them; a repetition is not counted as that too. */
function descents(numbers: readonly number[], senderOf: (number: number) => number): number {
  const highest = new Map<number, number>();
  let count = 0;
  for (const number of new Set(numbers)) {
    const sender = senderOf(number);
    const before = highest.get(sender) ?? 0;
    if (number < before) count++;
    highest.set(sender, Math.max(before, number));
  }
  return count;
}
