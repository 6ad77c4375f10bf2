import type { Load, MemoryLine, TotalLine, WindowLine } from '../generator/orders.ts';
import type { Measurement, PeersResult } from '../result.ts';
import type { ServerName } from '../server.ts';

/** A window of ten seconds. */
export const windowOf = (load: Load, cpuUs: Readonly<Record<string, number>>, delivered = 10_000): WindowLine => ({
  kind: 'window',
  load,
  seconds: 10,
  sent: delivered,
  delivered,
  cpuUs,
  generatorUs: 2_000_000,
  machineUs: 2_000_000 + Object.values(cpuUs).reduce((sum, us) => sum + us, 0),
  p50Ms: 1,
  p99Ms: 4,
  maxMs: 9,
});

export const totalOf = (load: Load, sent: number, delivered = sent): TotalLine => ({
  kind: 'total',
  load,
  sent,
  copies: 1,
  delivered,
});

export const memoryOf = (sessions: number, pssKiB: Readonly<Record<string, number>>): MemoryLine => ({
  kind: 'memory',
  sessions,
  pssKiB,
});

export const chatOf = (server: ServerName, round: number, lines: Measurement['lines']): Measurement => ({
  server,
  work: 'chat',
  transport: 'tcp',
  round,
  lines,
});

/** ejabberd, Prosody, and ours at a third of the better one's cost; idle sessions of two. */
export const SAMPLE: PeersResult = {
  at: '2026-01-02T03:04:05.678Z',
  commit: 'abc1234',
  machine: { cpu: 'a CPU', cores: 2, node: 'v20.0.0', kernel: '6.1' },
  rounds: 3,
  options: {
    seconds: 10,
    warmupSeconds: 5,
    chatUsers: 400,
    bodyBytes: 200,
    messagesPerSecond: 1_000,
    idleSteps: [1_000, 4_000],
    settleSeconds: 15,
    loginWarmups: 3,
    loginUsers: 2_000,
    groups: 4,
    contacts: 50,
    presencesPerSecond: 50,
  },
  servers: [
    { name: 'ejabberd', version: '1' },
    { name: 'prosody', version: '2' },
    { name: 'starling', version: 'abc1234' },
  ],
  versions: { 'nats-server': '2', postgresql: '15' },
  missing: [],
  failures: [],
  calibrationUs: [30_000, 31_000],
  measurements: [
    ...[0, 1, 2].flatMap((round) => [
      chatOf('ejabberd', round, [
        windowOf('max', { ejabberd: 900_000 + 30_000 * round }),
        windowOf(1_000, { ejabberd: 1_000_000 }),
        totalOf('max', 9),
        totalOf(1_000, 9),
      ]),
      chatOf('prosody', round, [
        windowOf('max', { prosody: 2_000_000 }),
        windowOf(1_000, { prosody: 2_500_000 }, 5_000),
        totalOf('max', 9),
        totalOf(1_000, 9),
      ]),
      chatOf('starling', round, [
        windowOf('max', { edge: 200_000, nats: 110_000 }),
        windowOf(1_000, { edge: 800_000, nats: 400_000 }),
        totalOf('max', 9),
        totalOf(1_000, 9),
      ]),
    ]),
    ...(['ejabberd', 'starling'] as const).map((server) => ({
      server,
      work: 'idle' as const,
      transport: 'ws' as const,
      round: 0,
      lines: [
        memoryOf(0, { a: 50_000, b: 10_000 }),
        memoryOf(1_000, { a: 60_000, b: 10_000 }),
        memoryOf(4_000, { a: 70_000, b: server === 'starling' ? 30_000 : 190_000 }),
      ],
    })),
  ],
  tsung: [{ server: 'ejabberd', users: 400, messages: 24_000, cpuUs: 3_000_000, cpuUsWithout: 600_000 }],
};
