/**
 * Who subscribes to what: exact subjects in a map, so that a lookup costs the same whatever the number of subscriptions;
 * subjects with `*` (one token) or `>` (the rest) in a list, which only tests and tools use.
 */
export class SubjectTable<T> {
  readonly #exact = new Map<string, T[]>();
  readonly #patterns: { tokens: string[]; members: T[] }[] = [];

  add(subject: string, member: T): void {
    const members = this.#membersAt(subject);
    if (members) members.push(member);
    else if (isPattern(subject)) this.#patterns.push({ tokens: subject.split('.'), members: [member] });
    else this.#exact.set(subject, [member]);
  }

  remove(subject: string, member: T): void {
    const members = this.#membersAt(subject);
    const at = members?.indexOf(member) ?? -1;
    if (members === undefined || at < 0) return;
    members.splice(at, 1);
    if (members.length > 0) return;
    if (isPattern(subject)) {
      this.#patterns.splice(
        this.#patterns.findIndex((p) => p.members === members),
        1,
      );
    } else this.#exact.delete(subject);
  }

  /** Calls `each` for every member that a message on this subject is for. */
  forEach(subject: string, each: (member: T) => void): void {
    const exact = this.#exact.get(subject);
    if (exact) for (const member of exact) each(member);
    if (this.#patterns.length === 0) return;
    const tokens = subject.split('.');
    for (const { tokens: pattern, members } of this.#patterns) {
      if (matches(pattern, tokens)) for (const member of members) each(member);
    }
  }

  #membersAt(subject: string): T[] | undefined {
    if (!isPattern(subject)) return this.#exact.get(subject);
    return this.#patterns.find(({ tokens }) => tokens.join('.') === subject)?.members;
  }
}

const isPattern = (subject: string) => subject.includes('*') || subject.includes('>');

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [i, wanted] of pattern.entries()) {
    if (wanted === '>') return tokens.length > i;
    if (tokens[i] === undefined || (wanted !== '*' && wanted !== tokens[i])) return false;
  }
  return pattern.length === tokens.length;
}
