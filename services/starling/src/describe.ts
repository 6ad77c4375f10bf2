import { resolve } from 'node:path';
import type { ReadyLine } from './host.ts';
import { USUAL_FOLDERS } from './running-file.ts';

/** What people read when a system is ready: where it is, and how to get in. */
export function describeReady(ready: ReadyLine, command: string, hasPage: boolean): string {
  const { domain, dataDir, endpoints, processes } = ready;
  const isUsual = USUAL_FOLDERS.some((folder) => resolve(folder) === dataDir);
  const flag = isUsual ? '' : ` --data-dir ${dataDir}`;
  const lines = [
    '',
    `Starling serves ${domain}${command === 'cluster' ? ` with ${describeProcesses(ready)}` : ''}`,
    '',
    `  clients, STARTTLS   localhost:${endpoints.c2s}`,
    `  clients, direct TLS localhost:${endpoints.c2sTls}`,
    ...(hasPage ? [`  page                http://localhost:${endpoints.http}/`] : []),
    `  WebSocket           ws://localhost:${endpoints.http}/xmpp-websocket`,
    `  administration      http://localhost:${endpoints.admin}  /livez /readyz /metrics`,
    `  data folder         ${dataDir}`,
    ...(command === 'cluster' ? [`  logs                ${dataDir}/logs`] : []),
    '',
    hasPage ? 'Open the page, or add a user:' : 'Add a user:',
    `  npx starling user add alice${flag}`,
    `or register from a client (Gajim, Dino, profanity …): account alice@${domain}, server localhost, port ${endpoints.c2s}.`,
    'The certificate is self-signed unless STARLING_TLS_CERT names another one: accept it in the client.',
    '',
    `Ctrl-C stops ${processes.length > 1 && command === 'cluster' ? 'everything' : 'it'}.`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function describeProcesses({ processes }: ReadyLine): string {
  const counts = new Map<string, number>();
  for (const { service } of processes) counts.set(service, (counts.get(service) ?? 0) + 1);
  return [...counts].map(([service, count]) => `${count} × ${service}`).join(', ');
}
