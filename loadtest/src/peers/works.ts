// What is measured: for each work and transport the accounts that it needs, where the processes run, and the order to the generator. Pure.
import type { Load, Transport, WorkOrder } from './generator/orders.ts';

export const WORK_NAMES = ['chat', 'archived', 'idle', 'login', 'presence'] as const;
export type WorkName = (typeof WORK_NAMES)[number];

export interface WorkOptions {
  /** Of one measurement, behind its warm-up. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Half of them write, the other half read. */
  readonly chatUsers: number;
  readonly bodyBytes: number;
  readonly messagesPerSecond: number;
  readonly idleSteps: readonly number[];
  readonly settleSeconds: number;
  readonly loginUsers: number;
  /** Logins of everybody before those that are measured: servers run for months. */
  readonly loginWarmups: number;
  readonly groups: number;
  readonly contacts: number;
  readonly presencesPerSecond: number;
}

/** One start of a server, and one of the generator. */
export interface Work {
  readonly name: WorkName;
  readonly transport: Transport;
  readonly accounts: number;
  readonly contacts: number;
  readonly archives: boolean;
  readonly serverCores: string;
  readonly generatorCores: string;
  readonly order: WorkOrder;
}

/** A core for all processes of the server, the other one for the generator. */
export const APART = { serverCores: '0', generatorCores: '1' } as const;
/** With PostgreSQL under load there is more to do than one core can: all beside one another, as the system's scheduler has it. */
const TOGETHER = { serverCores: '0,1', generatorCores: '0,1' } as const;
/** Presences that are under way at max. */
const PRESENCE_WINDOW = 4;

export function worksOf(names: readonly WorkName[], options: WorkOptions): readonly Work[] {
  return names.flatMap((name) => MAKERS[name](options));
}

const MAKERS: Readonly<Record<WorkName, (options: WorkOptions) => readonly Work[]>> = {
  chat: (options) => (['ws', 'tcp'] as const).map((transport) => chat(options, transport, false)),
  archived: (options) => [chat(options, 'tcp', true)],
  idle: ({ idleSteps, settleSeconds }) =>
    (['ws', 'tcp'] as const).map((transport) => ({
      name: 'idle',
      transport,
      accounts: Math.max(...idleSteps),
      contacts: 0,
      archives: false,
      ...APART,
      order: { work: 'idle', steps: idleSteps, settleSeconds },
    })),
  login: ({ loginUsers, loginWarmups }) => [
    {
      name: 'login',
      transport: 'tcp',
      accounts: loginUsers,
      contacts: 0,
      archives: false,
      ...APART,
      order: { work: 'login', users: loginUsers, warmups: loginWarmups, passes: 1 },
    },
  ],
  presence: ({ groups, contacts, presencesPerSecond, seconds, warmupSeconds }) => {
    const users = groups * (contacts + 1);
    const loads: readonly Load[] = ['max', presencesPerSecond];
    return [
      {
        name: 'presence',
        transport: 'tcp',
        accounts: users,
        contacts,
        archives: false,
        ...APART,
        order: { work: 'presence', users, contacts, window: PRESENCE_WINDOW, loads, seconds, warmupSeconds },
      },
    ];
  },
};

function chat(options: WorkOptions, transport: Transport, archives: boolean): Work {
  const { chatUsers: users, bodyBytes, messagesPerSecond, seconds, warmupSeconds } = options;
  const loads: readonly Load[] = ['max', messagesPerSecond];
  return {
    name: archives ? 'archived' : 'chat',
    transport,
    accounts: users,
    contacts: 0,
    archives,
    ...(archives ? TOGETHER : APART),
    order: { work: 'chat', users, window: 1, bodyBytes, isStored: archives, loads, seconds, warmupSeconds },
  };
}
