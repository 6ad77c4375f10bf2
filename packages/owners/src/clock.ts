/** Time as this package sees it; tests bring their own. */
export interface Clock {
  /** Monotonic, in ms: it goes on while the process is stopped. */
  nowMs(): number;
  /** Both return the undo. */
  every(intervalMs: number, work: () => void): () => void;
  after(delayMs: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  every: (intervalMs, work) => {
    const timer = setInterval(work, intervalMs);
    return () => clearInterval(timer);
  },
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
