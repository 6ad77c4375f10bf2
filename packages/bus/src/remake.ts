import type { NatsLink } from './nats-link.ts';

const RETRY_MS = 1_000;

/**
 * A server that comes back may have lost its store, and with it the streams: whoever manages them makes them anew then. `make` is tried
 * until it succeeds, one attempt at a time.
 */
export function remakeOnReconnect(link: NatsLink, make: () => Promise<void>): void {
  let isMaking = false;
  let isWanted = false;
  const run = async () => {
    isMaking = true;
    while (isWanted && !link.isClosed) {
      isWanted = false;
      try {
        await make();
      } catch (error) {
        // Policy: told, and tried again until it succeeds or the connection is closed: nothing is stored without it.
        if (link.isClosed) break;
        link.report(error);
        isWanted = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    isMaking = false;
  };
  link.onReconnect(() => {
    isWanted = true;
    if (!isMaking) void run();
  });
}
