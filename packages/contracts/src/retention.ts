import { starling } from './generated/starling.js';
import { type Empty, method } from './method.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** What operators may ask of the archive of one stream (proto/retention.proto). */
export const retention = {
  /** How long one account's messages are kept: 0 = for ever, undefined = as all others. `item-not-found`: no such account. */
  set: (stream: number) =>
    method<{ user: string; retentionMs?: number | undefined }, Empty>(
      subjects.archive(stream, 'retention'),
      wire.RetentionRequest,
      wire.Empty,
    ),
} as const;
