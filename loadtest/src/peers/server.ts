import type { SharedKeys } from '../presence/scram.ts';
import type { WatchedPart } from './generator/orders.ts';

/** Every server that can be measured, in the order of the tables: ours last. */
export const SERVER_NAMES = ['ejabberd', 'prosody', 'prosody-tuned', 'starling', 'starling-embedded'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const TITLES: Readonly<Record<ServerName, string>> = {
  ejabberd: 'ejabberd',
  prosody: 'Prosody',
  'prosody-tuned': 'Prosody, tuned',
  starling: 'Starling',
  'starling-embedded': 'Starling, embedded',
};

export const OURS: ServerName = 'starling';
export const isOurs = (name: ServerName): boolean => name.startsWith(OURS);

/** A server that runs for the comparison. All of them listen on loopback, and have the same accounts with the same keys. */
export interface PeerServer {
  readonly version: string;
  /** Of what it stands on. */
  readonly versions: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<'tcp' | 'ws', number>>;
  /** Of the WebSocket. */
  readonly path: string;
  readonly domain: string;
  /** Of the user names; a number from 0 on follows. */
  readonly prefix: string;
  /** All its processes. */
  readonly parts: readonly WatchedPart[];
  /** Messages in its archive: a row for each of both users. */
  archivedRows(): Promise<number>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly accounts: number;
  /** Everybody in groups of one more has everybody else; 0: nobody has anybody. */
  readonly contacts: number;
  readonly keys: SharedKeys;
  /** Of taskset. */
  readonly serverCores: string;
  /** Every message is kept in PostgreSQL for both users (XEP-0313); else the others only route. Ours keeps what has no hint against it in any case. */
  readonly archives: boolean;
  /** Accounts t1 to t<n> with passwords pw1 to pw<n>, for PLAIN: tsung adds the number to both. */
  readonly plainAccounts: number;
}

/** It cannot be measured here; the others can. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}
