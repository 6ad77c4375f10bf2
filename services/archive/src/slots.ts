import type { Partition } from './sql/partitions.ts';

export type Slot = Pick<Partition, 'lowerMs' | 'upperMs'>;

/**
 * The partition that is to be made for a time: as wide as it may be, between those that there are; whatever width they were made with,
 * none overlaps another. Undefined when there is one already.
 */
export function slotFor(atMs: number, widthMs: number, partitions: readonly Slot[]): Slot | undefined {
  let lowerMs = Math.floor(atMs / widthMs) * widthMs;
  let upperMs = lowerMs + widthMs;
  for (const other of partitions) {
    if (other.upperMs <= atMs) lowerMs = Math.max(lowerMs, other.upperMs);
    else if (other.lowerMs > atMs) upperMs = Math.min(upperMs, other.lowerMs);
    else return undefined;
  }
  return { lowerMs, upperMs };
}

/** What is to be made so that all times from one to another have a partition. */
export function slotsBetween(fromMs: number, toMs: number, widthMs: number, partitions: readonly Slot[]): Slot[] {
  const made: Slot[] = [];
  for (let atMs = fromMs; atMs <= toMs; ) {
    const slot = slotFor(atMs, widthMs, partitions);
    if (slot) made.push(slot);
    const covering = slot ?? partitions.find(({ lowerMs, upperMs }) => lowerMs <= atMs && atMs < upperMs);
    atMs = covering?.upperMs ?? toMs + 1;
  }
  return made;
}
