// What a process that measures parts prints: one JSON object a line.

export interface PartLine {
  readonly part: string;
  /** µs of CPU of this process for one, user and system, garbage collection among it; a figure for each round. */
  readonly roundsUs: readonly number[];
  /** The same of a process that it works with; absent when there is none. */
  readonly beside?: { readonly process: string; readonly roundsUs: readonly number[] };
  /** Bytes that one allocates on the heap and in buffers; absent when it cannot be told. */
  readonly allocatedBytes?: number;
}

/** @throws Error when it is no such line */
export function parsePartLine(text: string): PartLine {
  const line: unknown = JSON.parse(text);
  if (typeof line !== 'object' || line === null || !('part' in line) || !('roundsUs' in line))
    throw new Error(`not a line of a part: ${text}`);
  return line as PartLine;
}
