import { PARTITIONS } from '@starling/contracts';
import type { ClientSession } from './session.ts';

const NOBODY: ReadonlySet<ClientSession> = new Set();

/** All sessions of this edge, those that are being bound included, by the partition of their user: what is said of one is found without the others. */
export class HeldSessions implements Iterable<ClientSession> {
  readonly #byPartition: (Set<ClientSession> | undefined)[] = Array.from({ length: PARTITIONS }, () => undefined);

  add(session: ClientSession): void {
    this.#byPartition[session.partition] ??= new Set();
    this.#byPartition[session.partition]?.add(session);
  }

  /** Whether it was there. */
  delete(session: ClientSession): boolean {
    return this.#byPartition[session.partition]?.delete(session) ?? false;
  }

  in(partition: number): ReadonlySet<ClientSession> {
    return this.#byPartition[partition] ?? NOBODY;
  }

  *[Symbol.iterator](): Iterator<ClientSession> {
    for (const sessions of this.#byPartition) if (sessions !== undefined) yield* sessions;
  }
}
