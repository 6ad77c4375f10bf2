import type { NodeBatch } from '@starling/contracts';

/** Bytes of what came before it could be judged, at most. */
const BYTES_MAX = 64 * 1024 * 1024;
/** After which it is taken for granted that it will not be known. */
const PATIENCE_MS = 2_000;

export type Verdict = 'take' | 'wait' | 'drop';

interface Waiting {
  readonly batch: NodeBatch;
  readonly bytes: number;
  readonly sinceMs: number;
}

/**
 * Batches that know more than this process: a later membership, or a sender that has just come. They wait until it is known here too;
 * what comes from one sender stays in its order.
 */
export class Ahead {
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** By incarnation. */
  readonly #senders = new Set<string>();

  get size(): number {
    return this.#waiting.length;
  }

  /** Whether an earlier batch of the sender waits. */
  has({ incarnation }: NodeBatch): boolean {
    return this.#senders.has(incarnation);
  }

  /** False when there are too many. */
  push(batch: NodeBatch, bytes: number, nowMs: number): boolean {
    if (this.#bytes + bytes > BYTES_MAX) return false;
    this.#keep({ batch, bytes, sinceMs: nowMs });
    return true;
  }

  /** Looks at all of them again. @param judge of a batch; `isLate` when it has waited long enough */
  drain(nowMs: number, judge: (batch: NodeBatch, isLate: boolean) => Verdict, take: (batch: NodeBatch) => void): void {
    const waiting = this.#waiting;
    this.clear();
    for (const one of waiting) {
      const { batch, sinceMs } = one;
      const verdict = this.has(batch) ? 'wait' : judge(batch, nowMs - sinceMs > PATIENCE_MS);
      if (verdict === 'take') take(batch);
      else if (verdict === 'wait') this.#keep(one);
    }
  }

  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#senders.clear();
  }

  #keep(one: Waiting): void {
    this.#waiting.push(one);
    this.#bytes += one.bytes;
    this.#senders.add(one.batch.incarnation);
  }
}
