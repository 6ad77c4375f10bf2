import { findNatsServer, findNatsServers } from '@starling/local-servers';

/** The oldest nats-server of this machine that one node may run: the promises hold on it too. Undefined where there is none. */
export const oldestNatsServer = (): string | undefined => findNatsServers().at(-1)?.path;

/** The version of what a world runs when nothing is said: the newest. */
export const natsVersion = (): string => findNatsServer()?.version.join('.') ?? '';
