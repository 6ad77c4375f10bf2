import { createServer } from 'node:net';
import type { EdgeConfig } from '@starling/edge';
import { flagOf } from '@starling/runtime';
import { CommandError, EXIT } from './exit-codes.ts';

/** A port that we shall listen on, and the key that sets it. */
export interface WantedPort {
  readonly env: string;
  readonly host: string;
  /** 0 = any. */
  readonly port: number;
}

/** Why it cannot be listened on, with the key to set; undefined when it can. */
export async function whyPortIsNotFree({ env, host, port }: WantedPort): Promise<string | undefined> {
  if (port === 0) return undefined;
  const error = await tryListen(host, port);
  if (error === undefined) return undefined;
  const why = { EADDRINUSE: 'is in use', EACCES: 'needs more rights' }[error] ?? `cannot be listened on (${error})`;
  return `port ${port} of ${host} ${why}: set ${env} (${flagOf(env)}) to another one, 0 for any`;
}

/** @throws CommandError with one line for each port that is not free */
export async function requirePorts(wanted: readonly WantedPort[]): Promise<void> {
  const reasons = await Promise.all(wanted.map(whyPortIsNotFree));
  const told = reasons.filter((reason) => reason !== undefined);
  if (told.length > 0) throw new CommandError(EXIT.unavailable, told.join('\n'));
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The ports of clients that an edge, or the balancer in front of several, listens on. */
export const clientPorts = (edge: EdgeConfig): readonly WantedPort[] => [
  { env: 'STARLING_C2S_PORT', host: edge.host, port: edge.c2sPort },
  { env: 'STARLING_C2S_TLS_PORT', host: edge.host, port: edge.c2sTlsPort },
  { env: 'STARLING_HTTP_PORT', host: edge.host, port: edge.httpPort },
];
