const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` until a signal, or `end`, aborts what it was given; resolves when it has come back from that. A second signal does not wait. */
export async function untilInterrupted(work: (signal: AbortSignal, end: () => void) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  const end = () => stopping.abort();
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    await work(stopping.signal, end);
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}
