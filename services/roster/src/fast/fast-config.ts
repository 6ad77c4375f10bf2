import { duration, int } from '@starling/runtime';

/** Bounds of the tokens by which clients log in again (XEP-0484). */
export const fastFields = {
  fastTokenMs: duration(
    'STARLING_FAST_TOKEN_LIFETIME',
    '21d',
    { min: '1s' },
    'how long a client that has not come back may log in with its token (XEP-0484); then it needs the password',
  ),
  fastRotateMs: duration(
    'STARLING_FAST_TOKEN_ROTATION',
    '1d',
    { min: '0s' },
    'a token that is older when it is used is replaced; well below STARLING_FAST_TOKEN_LIFETIME',
  ),
  fastClientsMax: int(
    'STARLING_FAST_CLIENTS_MAX',
    32,
    { min: 1, max: 1_000 },
    'clients of one account that have tokens; of more, the one that was away longest needs the password',
  ),
  fastBacklogMax: int(
    'STARLING_FAST_BACKLOG_MAX',
    100_000,
    { min: 100 },
    'accounts whose tokens wait to be written to the database behind the records; more are written at their next change',
  ),
};
