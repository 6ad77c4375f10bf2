import type { BareJid } from '@starling/jid';
import { partitionOf } from './partition.ts';
import { tokenOf } from './token.ts';
import { subjectsOf } from './user-subjects.ts';

/** Every subject there is. Nobody else writes a subject string. */
export const subjects = {
  /** Durable ingest: an entry for the log of one bare JID. */
  log: (user: BareJid) => subjectsOf(user).log,
  /** Everything live for one bare JID: committed entries, live stanzas, session tables. */
  user: (user: BareJid) => subjectsOf(user).live,
  /** The digest of one stream. */
  digest: (stream: number) => `t.${stream}`,
  /** To one edge, from presence nodes: presence for its sessions (EdgeBatch). */
  edge: (edge: string) => `edge.${edge}`,
  /** Requests to one edge. */
  edgeRequest: (edge: string, method: string) => `edge.${edge}.${method}`,
  /** A question that each process answers (ProcessReport). */
  processes: 'ops',
  /** The record of a session that can be resumed. */
  session: (user: BareJid, session: string) => `sm.${partitionOf(user)}.${session}`,
  /** All those of one partition. */
  sessionsOf: (partition: number): `sm.${number}.*` => `sm.${partition}.*`,
  /** Whose presence that session has been shown: a record. */
  sessionView: (user: BareJid, session: string) => `smv.${partitionOf(user)}.${session}`,
  /** To one presence node: session events, presence for users of its partitions (NodeBatch). */
  node: (node: string) => `p.${node}`,
  /** Requests to one presence node. */
  presence: (node: string, method: string) => `p.${node}.${method}`,
  /** What has changed in rosters, for the presence nodes (RosterNotice). */
  rosterChanges: 'rc',
  /** Requests to the archive of one stream. */
  archive: (stream: number, method: string) => `a.${stream}.${method}`,
  /** Requests to the roster service. */
  roster: (method: string) => `r.${method}`,
  /** The copy of an account outside of the database: a record. */
  accountCopy: (user: BareJid) => `acct.${partitionOf(user)}.${tokenOf(user)}`,
  /** The tokens by which an account's clients log in again (XEP-0484): a record beside its copy. */
  fastTokens: (user: BareJid) => `fast.${partitionOf(user)}.${tokenOf(user)}`,
  /** The membership document of a group of processes: a record. */
  membership: (group: Group) => `o.${group}`,
  /** Heartbeats of a group's members, and word of each change of its document. */
  heartbeat: (group: Group) => `h.${group}`,
} as const;

/** The groups of processes that own something together, or are watched. */
export const groups = { archive: 'archive', edge: 'edge', presence: 'presence' } as const;
export type Group = (typeof groups)[keyof typeof groups];

/** The stream of records (small documents, changed by compare-and-set) and what it captures: each subject is one record's key. */
export const RECORDS = { stream: 'O', subjects: ['o.*'] } as const;

/** The stream of account copies and of tokens, likewise; it forgets the oldest ones. */
export const ACCOUNT_COPIES = { stream: 'A', subjects: ['acct.*.*', 'fast.*.*'] } as const;

/** The stream of sessions that can be resumed, likewise. */
export const SESSION_RECORDS = { stream: 'S', subjects: ['sm.*.*', 'smv.*.*'] } as const;

/** What the stream number `stream` of `streams` captures, and the subject its entries are re-published on. */
export function streamSubjects(stream: number, streams: number, partitions: number): string[] {
  const captured: string[] = [];
  for (let p = stream; p < partitions; p += streams) captured.push(`m.${p}.>`);
  return captured;
}

/** JetStream's name of a stream. */
export const streamName = (stream: number) => `M${stream}`;

/** Re-publication maps the ingest subject to the live one, token by token. */
export const REPUBLISH = { source: 'm.>', destination: 'u.>' } as const;

/** The live subject of an entry that was appended on an ingest subject. */
export const republishedAs = (logSubject: string) => `u${logSubject.slice(1)}`;

/** The queue groups in which the services share their requests. */
export const queues = { roster: 'roster', archive: 'archive', presence: 'presence' } as const;
