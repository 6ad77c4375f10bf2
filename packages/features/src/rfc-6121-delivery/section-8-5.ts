import { SESSION_STATE, type SessionRow } from '@starling/contracts';
import type { Action } from './verdict.ts';

// RFC 6121 §8.5 as a table: each row is played by the pure function (verdict.test.ts) and by clients (section-8-5.scenario.ts).

const row = (resource: string, priority: number, state: SessionRow['state'] = SESSION_STATE.available): SessionRow => ({
  ...{ resource, session: `s-${resource}`, state, priority, boundAt: 0, edge: 'edge-1', carbons: false, epoch: 0 },
});
export const home = row('home', 0);
export const phone = row('phone', 5);
export const away = row('away', -1);
export const silent = row('silent', 0, SESSION_STATE.connected);
export const gone = row('gone', 0, SESSION_STATE.detached);
export const ALL = [home, phone, away, silent, gone];
export const NO_SUCH_USER = undefined;

export type Sessions = readonly SessionRow[] | undefined;
export type Expected = readonly SessionRow[] | Exclude<Action, 'deliver'>;
/** section, type, resource, the user's sessions, what becomes of it */
export type Row = readonly [section: string, type: string, resource: string, sessions: Sessions, expected: Expected];

const MESSAGES: readonly Row[] = [
  ['§8.5.1 no such user', '', '', NO_SUCH_USER, 'error'],
  ['§8.5.1 no such user', 'chat', 'x', NO_SUCH_USER, 'error'],
  ['§8.5.1, table 1', 'groupchat', '', NO_SUCH_USER, 'error'],
  ['§8.5.1, table 1', 'headline', '', NO_SUCH_USER, 'ignore'],
  ['RFC 6120 §8.3.1 an error is never answered', 'error', '', NO_SUCH_USER, 'ignore'],

  ['§8.5.2.1.1 (b) all that are not negative', '', '', ALL, [home, phone]],
  ['§8.5.2.1.1 (b)', 'normal', '', ALL, [home, phone]],
  ['§8.5.2.1.1 (b)', 'chat', '', ALL, [home, phone]],
  ['§5.2.2 an unknown type is normal', 'weird', '', ALL, [home, phone]],
  ['§8.5.2.1.1', 'headline', '', ALL, [home, phone]],
  ['§8.5.2.1.1', 'groupchat', '', ALL, 'error'],
  ['§8.5.2.1.1', 'error', '', ALL, 'ignore'],
  ['§8.5.2.1.1 only negative', '', '', [away], 'offline'],
  ['§8.5.2.1.1 only negative', 'chat', '', [away], 'offline'],
  ['§8.5.2.1.1 only negative', 'headline', '', [away], 'ignore'],
  ['§8.5.2.1.1 only negative', 'groupchat', '', [away], 'error'],
  ['§8.5.2.1.1 connected, but not available', 'chat', '', [silent], 'offline'],
  ['a detached session is not available', 'chat', '', [gone], 'offline'],

  ['§8.5.2.2.1 nobody there', '', '', [], 'offline'],
  ['§8.5.2.2.1', 'chat', '', [], 'offline'],
  ['§8.5.2.2.1', 'groupchat', '', [], 'error'],
  ['§8.5.2.2.1', 'headline', '', [], 'ignore'],
  ['§8.5.2.2.1', 'error', '', [], 'ignore'],

  ['§8.5.3.1 a match, whatever its priority', 'chat', 'away', ALL, [away]],
  ['§8.5.3.1 a match that sent no presence', 'normal', 'silent', ALL, [silent]],
  ['§8.5.3.1', 'groupchat', 'home', ALL, [home]],
  ['§8.5.3.1', 'headline', 'home', ALL, [home]],
  ['§8.5.3.1', 'error', 'home', ALL, [home]],

  ['§8.5.3.2.1 as to the bare JID', 'chat', 'old', ALL, [home, phone]],
  ['§8.5.3.2.1 only negative', 'chat', 'old', [away], 'offline'],
  ['§8.5.3.2.1 nobody there', 'chat', 'old', [], 'offline'],
  ['§8.5.3.2.1 (a)', '', 'old', ALL, 'ignore'],
  ['§8.5.3.2.1 (a)', 'groupchat', 'old', ALL, 'ignore'],
  ['§8.5.3.2.1 (a)', 'headline', 'old', ALL, 'ignore'],
  ['§8.5.3.2.1', 'error', 'old', ALL, 'ignore'],
];

const PRESENCE: readonly Row[] = [
  ['§8.5.1', '', '', NO_SUCH_USER, 'ignore'],
  ['§8.5.1', 'unavailable', 'x', NO_SUCH_USER, 'ignore'],
  ['§8.5.1', 'subscribe', '', NO_SUCH_USER, 'ignore'],
  ['§8.5.1', 'subscribed', '', NO_SUCH_USER, 'ignore'],
  ['§8.5.1', 'unsubscribe', '', NO_SUCH_USER, 'ignore'],
  ['§8.5.1', 'unsubscribed', '', NO_SUCH_USER, 'ignore'],
  ['§8.5.1 (a)', 'probe', '', NO_SUCH_USER, 'ignore'],

  ['§8.5.2.1.2 all available ones, the negative too', '', '', ALL, [home, phone, away]],
  ['§8.5.2.1.2', 'unavailable', '', ALL, [home, phone, away]],
  ['§8.5.2.1.2', 'subscribe', '', ALL, 'server'],
  ['§8.5.2.1.2', 'subscribed', '', ALL, 'server'],
  ['§8.5.2.1.2', 'unsubscribe', '', ALL, 'server'],
  ['§8.5.2.1.2', 'unsubscribed', '', ALL, 'server'],
  ['§8.5.2.1.2', 'probe', '', ALL, 'server'],
  ['an error to a bare JID', 'error', '', ALL, 'ignore'],

  ['§8.5.2.2.2', '', '', [], 'ignore'],
  ['§8.5.2.2.2', 'unavailable', '', [silent], 'ignore'],
  ['§8.5.2.2.2', 'subscribe', '', [], 'server'],
  ['§8.5.2.2.2', 'probe', '', [], 'server'],

  ['§8.5.3.1', '', 'home', ALL, [home]],
  ['§8.5.3.1 a match that sent no presence', 'unavailable', 'silent', ALL, [silent]],
  ['§8.5.3.1', 'subscribe', 'home', ALL, 'server'],
  ['§8.5.3.1', 'unsubscribed', 'home', ALL, 'server'],
  ['§8.5.3.1', 'probe', 'home', ALL, 'server'],
  ['an error to the resource that it is for', 'error', 'home', ALL, [home]],

  ['§8.5.3.2.2', '', 'old', ALL, 'ignore'],
  ['§8.5.3.2.2', 'unavailable', 'old', ALL, 'ignore'],
  ['§8.5.3.2.2, §3.1.3', 'subscribe', 'old', ALL, 'server'],
  ['§8.5.3.2.2', 'subscribed', 'old', ALL, 'ignore'],
  ['§8.5.3.2.2', 'unsubscribe', 'old', ALL, 'ignore'],
  ['§8.5.3.2.2', 'unsubscribed', 'old', ALL, 'ignore'],
  ['§8.5.3.2.2, §4.3', 'probe', 'old', ALL, 'server'],
  ['§8.5.3.2.2', 'error', 'old', ALL, 'ignore'],
];

const IQS: readonly Row[] = [
  ['§8.5.1', 'get', '', NO_SUCH_USER, 'error'],
  ['§8.5.1', 'set', 'x', NO_SUCH_USER, 'error'],
  ['RFC 6120 §8.3.1', 'result', 'x', NO_SUCH_USER, 'ignore'],
  ['§8.5.2.1.3', 'get', '', ALL, 'server'],
  ['§8.5.2.1.3', 'set', '', ALL, 'server'],
  ['§8.5.2.2.3', 'get', '', [], 'server'],
  ['an answer to what no account asks', 'result', '', ALL, 'ignore'],
  ['§8.5.3.1', 'get', 'home', ALL, [home]],
  ['§8.5.3.1 a match that sent no presence', 'set', 'silent', ALL, [silent]],
  ['§8.5.3.1', 'result', 'home', ALL, [home]],
  ['§8.5.3.1', 'error', 'home', ALL, [home]],
  ['§8.5.3.2.3', 'get', 'old', ALL, 'error'],
  ['§8.5.3.2.3', 'set', 'old', [], 'error'],
  ['RFC 6120 §8.3.1', 'result', 'old', ALL, 'ignore'],
  ['RFC 6120 §8.3.1', 'error', 'old', ALL, 'ignore'],
];

/** By kind of stanza. */
export const SECTION_8_5 = { message: MESSAGES, presence: PRESENCE, iq: IQS } as const;
