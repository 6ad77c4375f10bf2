import { type ConfigOf, configSpec, duration, int } from '@starling/runtime';
import { personalFields } from './personal-config.ts';

export const rosterConfig = configSpec({
  listMax: int('STARLING_ACCOUNT_LIST_MAX', 1_000, { min: 1, max: 10_000 }, 'accounts in one answer of a listing'),
  noticeSweepMs: duration(
    'STARLING_NOTICE_SWEEP',
    '10s',
    { min: '100ms' },
    'how often accounts are looked for whose log does not know of them yet',
  ),
  ...personalFields,
});

export type RosterConfig = ConfigOf<typeof rosterConfig>;
