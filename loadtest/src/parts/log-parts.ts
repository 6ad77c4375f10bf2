import { randomBytes } from 'node:crypto';
import { JetStreamLog, NatsBus, NatsLink } from '@starling/bus';
import { COPY, encodeEnvelope, entryId, FATE, HINT, KIND, subjects } from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import { findNatsServer, startNatsServer } from '@starling/local-servers/nats-server';
import type { Part } from '@starling/testkit/parts';
import { cpuOfProcess } from '../bench/process-cpu.ts';

const USERS = 1_000;
/** As many as an edge has under way when it is busy. */
const IN_FLIGHT = 512;
const BODY_BYTES = 200;
const LOG_BYTES_MAX = 256 * 1024 * 1024;
const PENDING_BYTES_MAX = 64 * 1024 * 1024;
const PENDING_MAX = 4_096;
const STREAMS = 8;

const userAt = (n: number) => `user${n % USERS}@example.com` as BareJid;

/**
 * packages/bus on a real nats-server: an entry is written, its publisher told, and what the server re-publishes has come to whoever follows
 * the log. Without nats-server `work` has no parts.
 */
export async function withLogParts(work: (parts: readonly Part[]) => Promise<void>): Promise<void> {
  const binary = findNatsServer();
  if (binary === undefined) {
    await work([]);
    return;
  }
  const server = await startNatsServer({ binary });
  const link = await NatsLink.open({ servers: [server.url] });
  const bus = new NatsBus(link, PENDING_MAX);
  const log = await JetStreamLog.open(link, {
    ...{ streams: STREAMS, replicas: 1, bytesMax: LOG_BYTES_MAX, duplicateWindowMs: 300_000 },
    ...{ appendTimeoutMs: 15_000, pendingMax: PENDING_MAX, pendingBytesMax: PENDING_BYTES_MAX },
    ...{ manage: true, openTimeoutMs: 10_000 },
  });
  let arrived = 0;
  for (let n = 0; n < USERS; n++)
    bus.subscribe(subjects.user(userAt(n)), ({ commit }) => {
      if (commit !== undefined) arrived++;
    });
  await bus.flush();
  const stanza = Buffer.from(`<message><body>${'x'.repeat(BODY_BYTES)}</body></message>`);
  const run = async (count: number) => {
    const prefix = randomBytes(8).toString('hex');
    const due = arrived + count;
    let next = 0;
    const append = async () => {
      for (let n = next++; n < count; n = next++) {
        const owner = userAt(n);
        const id = entryId({ sender: owner, owner, key: `${prefix}${n}`, payload: stanza });
        await log.append(owner, id, entryOf(owner, id, stanza));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, append));
    while (arrived < due) await bus.flush();
  };
  const pid = server.pid ?? 0;
  try {
    await work([
      {
        name: 'append to a log, and its re-publication',
        run,
        beside: { process: `nats-server ${binary.version.join('.')}`, cpuUs: () => cpuOfProcess(pid) },
      },
    ]);
  } finally {
    await log.close();
    await bus.close();
    await server.remove();
  }
}

const entryOf = (owner: BareJid, id: string, stanza: Uint8Array): Uint8Array =>
  encodeEnvelope({
    ...{
      id,
      owner,
      from: `${owner}/phone` as FullJid,
      to: owner,
      kind: KIND.message,
      type: 'chat',
      fate: FATE.archived,
    },
    ...{ copy: COPY.received, hints: HINT.body, origin: 'edge-3f9a1c/12345', sentAtMs: Date.now(), after: 0, stanza },
  });
