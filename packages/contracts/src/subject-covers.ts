/**
 * Whether every subject that `inner` stands for is one of `pattern`: `*` stands for one part of a subject, `>` for one or more at its end.
 * Both may be patterns.
 */
export function subjectCovers(pattern: string, inner: string): boolean {
  const wide = pattern.split('.');
  const narrow = inner.split('.');
  for (const [i, part] of wide.entries()) {
    if (part === '>') return narrow.length > i;
    const other = narrow[i];
    if (other === undefined || other === '>') return false;
    if (part !== '*' && part !== other) return false;
  }
  return wide.length === narrow.length;
}
