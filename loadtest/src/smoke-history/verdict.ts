// What devices and archive have of one conversation → what is wrong with it. Pure.

/** What one device has shown, in its order: archive ids. */
export interface DeviceView {
  readonly name: string;
  readonly ids: readonly string[];
  /** Came twice in one session. */
  readonly twice: number;
  /** Came without an archive id. */
  readonly nameless: number;
}

/** Every fault as one line; none when all have the same ids in the same order, and as many as there should be. */
export function troubleOf(
  devices: readonly DeviceView[],
  archive: readonly string[],
  expected: number,
): readonly string[] {
  const trouble: string[] = [];
  if (archive.length !== expected) trouble.push(`the archive has ${archive.length} messages instead of ${expected}`);
  if (new Set(archive).size !== archive.length) trouble.push('an id is twice in the archive');
  for (const { name, ids, twice, nameless } of devices) {
    if (twice > 0) trouble.push(`${name}: ${twice} came twice`);
    if (nameless > 0) trouble.push(`${name}: ${nameless} came without an id`);
    const differs = firstDifference(ids, archive);
    if (differs !== undefined)
      trouble.push(`${name}: has ${ids.length} of ${archive.length}; other than the archive from place ${differs} on`);
  }
  return trouble;
}

function firstDifference(a: readonly string[], b: readonly string[]): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return undefined;
}

/** Whether the list is the end of the other, and not empty. */
export function isSuffix(end: readonly string[], all: readonly string[]): boolean {
  return end.length > 0 && end.length <= all.length && firstDifference(end, all.slice(-end.length)) === undefined;
}
