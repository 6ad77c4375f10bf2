import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import type { SessionState } from './notices.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** What one process tells of itself to whoever asks all of them (proto/operations.proto). */
export interface ProcessReport {
  readonly id: string;
  /** `edge`, `presence` …; of a process with several of them all, with blanks between. */
  readonly service: string;
  readonly pid: number;
  /** Another one under the same id is another process. */
  readonly startedAtMs: number;
  readonly ready: boolean;
  /** What its /metrics answers, gzip. */
  readonly metrics: Uint8Array;
  /** By its own clock. */
  readonly sentAtMs: number;
}
export const encodeProcessReport = (report: ProcessReport): Uint8Array =>
  wire.ProcessReport.encode(report as starling.v1.ProcessReport.$Properties, keptWriter()).finish();
export function decodeProcessReport(bytes: Uint8Array): ProcessReport {
  // Field by field: what a message does not carry stands on its prototype, where a spread does not look.
  const r = wire.ProcessReport.decode(bytes) as unknown as ProcessReport;
  const { id, service, pid, startedAtMs, ready, metrics, sentAtMs } = r;
  return { id, service, pid, startedAtMs, ready, metrics, sentAtMs };
}

/** A session as its edge shows it to operators. */
export interface HeldSession {
  /** Full. */
  readonly jid: string;
  readonly session: string;
  readonly state: SessionState;
  readonly priority: number;
  readonly boundAt: number;
  readonly carbons: boolean;
  /** XEP-0352. */
  readonly inactive: boolean;
  /** XEP-0198. */
  readonly resumable: boolean;
  readonly unacked: number;
  /** 0: it has a connection. */
  readonly detachedAt: number;
}
export interface SessionsRequest {
  /** Bare; '' = everybody. */
  readonly user: string;
  /** Full JID, exclusive; '' = from the first. */
  readonly after: string;
  /** 0 = the edge's own bound. */
  readonly limit: number;
}
export interface SessionsReply {
  readonly sessions: readonly HeldSession[];
  readonly complete: boolean;
  /** Of the whole edge, whatever was asked for. */
  readonly total: number;
  readonly users: number;
  readonly detached: number;
}

/** What an edge answers to operators. */
export const operations = {
  sessions: (edge: string) =>
    method<SessionsRequest, SessionsReply>(
      subjects.edgeRequest(edge, 'sessions'),
      wire.SessionsRequest,
      wire.SessionsReply,
    ),
  /** Ends a session for good: nobody resumes it. `text` is what its client is told. `known` false: the edge does not hold it. */
  kick: (edge: string) =>
    method<{ user: string; session: string; text: string }, { known: boolean }>(
      subjects.edgeRequest(edge, 'kick'),
      wire.KickRequest,
      wire.KickReply,
    ),
  /** It stops as at SIGTERM: sessions that can be resumed go on elsewhere. `not-allowed`: it is part of a larger process. */
  drain: (edge: string) =>
    method<Record<string, never>, { sessions: number; withinMs: number }>(
      subjects.edgeRequest(edge, 'drain'),
      wire.DrainRequest,
      wire.DrainReply,
    ),
} as const;
