import { type ConfigOf, configSpec, text } from '@starling/runtime';

/** What only a cluster on one machine has. */
export const localConfig = configSpec({
  natsServer: text('STARLING_NATS_SERVER', '', {}, 'the nats-server program; empty = the newest that is found here'),
  postgresBin: text(
    'STARLING_POSTGRES_BIN',
    '',
    {},
    "folder of PostgreSQL's programs; empty = on PATH, else the distribution's newest",
  ),
});

export type LocalConfig = ConfigOf<typeof localConfig>;
