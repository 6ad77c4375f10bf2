/** A failure that is not counted against a run, and why. The empty list is the goal. */
export interface KnownFailure {
  /** 'RosterIntegrationTest', or with a method: 'RosterIntegrationTest.subscribeRequestListenerTest'. */
  readonly test: string;
  /** Only with this kind of connection. */
  readonly connection?: string;
  readonly reason: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [];
