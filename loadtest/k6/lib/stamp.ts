/** What a load test writes into bodies and statuses, so that the receiver knows what it has got. */
export interface Stamp {
  readonly run: string;
  /** Index of the sender. */
  readonly sender: number;
  /** Of the sender's to this receiver, from 1. */
  readonly number: number;
  /** Unix time in ms, by the sender's clock. */
  readonly sentAtMs: number;
}

export const writeStamp = ({ run, sender, number, sentAtMs }: Stamp): string =>
  `k6 ${run} ${sender} ${number} ${sentAtMs}`;

/** Undefined: it is something else, or of another run. */
export function readStamp(text: string, run: string): Stamp | undefined {
  const [mark, of, sender, number, sentAtMs] = text.split(' ');
  if (mark !== 'k6' || of !== run || sentAtMs === undefined) return undefined;
  return { run, sender: Number(sender), number: Number(number), sentAtMs: Number(sentAtMs) };
}
