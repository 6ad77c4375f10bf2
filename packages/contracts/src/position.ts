import { EPOCH_MAX, SEQUENCE_MAX } from './limits.ts';

/**
 * A place in a user's log. A stream that is made anew starts at sequence 1 again, so sequences alone do not compare;
 * the archive opens the next epoch then; the first epoch is 1, and 0 says that it is not known. Within one epoch positions of a user's log rise with the order of commit.
 */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/** Before every entry. */
export const START: Position = Object.freeze({ epoch: 0, sequence: 0 });

/** Negative when a is before b, zero when equal, positive when behind. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

/** The 64-bit form, for PostgreSQL's bigint: epoch above 48 bits of sequence. */
export function packPosition({ epoch, sequence }: Position): bigint {
  if (epoch > EPOCH_MAX || sequence > SEQUENCE_MAX) throw new RangeError(`position out of range: ${epoch}/${sequence}`);
  return (BigInt(epoch) << 48n) | BigInt(sequence);
}

/** The inverse of packPosition. */
export function unpackPosition(packed: bigint): Position {
  return { epoch: Number(packed >> 48n), sequence: Number(packed & 0xffff_ffff_ffffn) };
}
