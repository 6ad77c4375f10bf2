import type { PeersResult } from '../peers/result.ts';
import { SERVER_NAMES } from '../peers/server.ts';
import { WORK_NAMES, type WorkOptions } from '../peers/works.ts';

/** The options of `npm run bench:peers` by what they set. */
const NUMBERS: readonly (readonly [string, keyof WorkOptions])[] = [
  ['seconds', 'seconds'],
  ['warmup', 'warmupSeconds'],
  ['users', 'chatUsers'],
  ['rate', 'messagesPerSecond'],
  ['sessions', 'idleSteps'],
  ['settle', 'settleSeconds'],
  ['logins', 'loginUsers'],
  ['login-warmups', 'loginWarmups'],
  ['groups', 'groups'],
  ['contacts', 'contacts'],
  ['presences', 'presencesPerSecond'],
];

/** What measures again what a result has: all that can be set, by name. Servers of which one round is there for each work are named once. */
export function commandOf({ rounds, options, measurements }: PeersResult): string {
  const works = WORK_NAMES.filter((name) => measurements.some(({ work }) => work === name));
  const servers = SERVER_NAMES.filter((name) => measurements.some(({ server }) => server === name));
  const once = servers.filter(
    (name) => rounds > 1 && measurements.every(({ server, round }) => server !== name || round === 0),
  );
  const numbers = NUMBERS.map(([option, key]) => `--${option} ${[options[key]].flat().join()}`);
  const lists = [
    `--works ${works.join()}`,
    `--servers ${servers.join()}`,
    ...(once.length > 0 ? [`--once ${once.join()}`] : []),
  ];
  return ['npm run bench:peers --', ...lists, `--rounds ${rounds}`, ...numbers].join(' ');
}
