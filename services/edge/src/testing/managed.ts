import { ManagedStream } from '../sm/managed-stream.ts';

/** Stream management of a session that can be resumed, with small bounds. */
export const managed = () =>
  new ManagedStream({
    ...{
      windowMs: 1_000,
      base: 0,
      epoch: 0,
      acked: 0,
      askAfter: 10,
      queueMax: 10,
      queueBytesMax: 1_000,
      requestsMax: 3,
    },
    onFull: () => undefined,
  });
