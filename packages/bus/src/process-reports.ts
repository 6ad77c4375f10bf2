import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { decodeProcessReport, encodeProcessReport, type ProcessReport, subjects } from '@starling/contracts';
import { FreshAnswer, type Health, type Logger, type MetricsRegistry } from '@starling/runtime';
import type { Bus, Subscription } from './bus.ts';
import { NatsBus } from './nats-bus.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);
const NOTHING = new Uint8Array(0);
/** Of the text of one process: far above what all its instruments come to. */
const METRICS_BYTES_MAX = 4 * 1024 * 1024;

export interface ReportOptions {
  /** Unique in the cluster. */
  readonly id: string;
  /** Of a process with several: all, with blanks between. */
  readonly service: string;
  readonly metrics: MetricsRegistry;
  readonly health: Pick<Health, 'readiness'>;
  readonly log: Logger;
}

/** This process tells whoever asks all of them that it is there, and how it is. */
export function answerReports(bus: Bus, { id, service, metrics, health, log }: ReportOptions): Subscription {
  const startedAtMs = Math.round(performance.timeOrigin);
  // However many ask, one scrape runs at a time, and serves all who came before it.
  const scrape = new FreshAnswer(async () => pack(await metrics.scrape()));
  const answer = async (replyTo: string): Promise<void> => {
    try {
      const { ready } = health.readiness();
      const shared = { id, service, pid: process.pid, startedAtMs, ready, sentAtMs: Date.now() };
      bus.publish(replyTo, encodeProcessReport({ ...shared, metrics: await scrape.find() }));
    } catch (err) {
      // Policy: who asked goes on without this one.
      log.error({ what: 'request_handling_failed', subject: subjects.processes, err });
    }
  };
  return bus.subscribe(subjects.processes, ({ replyTo }) => {
    if (replyTo !== '') void answer(replyTo);
  });
}

/** What a process has told, and what /metrics of it answers. */
export interface ReceivedReport extends Omit<ProcessReport, 'metrics'> {
  readonly metrics: string;
  /** Unix time by our clock. */
  readonly receivedAtMs: number;
}

/** Asks all processes; resolves after `waitMs` with those that have answered, in order of their ids. */
export async function gatherReports(bus: Bus, waitMs: number): Promise<readonly ReceivedReport[]> {
  const inbox = bus instanceof NatsBus ? bus.link.newInbox() : `_INBOX.${randomUUID()}`;
  const received: { report: ProcessReport; receivedAtMs: number }[] = [];
  const subscription = bus.subscribe(inbox, ({ data }) => {
    received.push({ report: decodeProcessReport(data), receivedAtMs: Date.now() });
  });
  try {
    await bus.flush();
    bus.publish(subjects.processes, NOTHING, inbox);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  } finally {
    subscription.unsubscribe();
  }
  const reports = received.map(async ({ report: { metrics, ...rest }, receivedAtMs }) => {
    const text = await unpack(metrics, { maxOutputLength: METRICS_BYTES_MAX });
    return { ...rest, receivedAtMs, metrics: text.toString() };
  });
  return (await Promise.all(reports)).sort((a, b) => (a.id < b.id ? -1 : 1));
}
