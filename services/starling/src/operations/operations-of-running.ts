import type { ReceivedReport } from '@starling/bus';
import { CommandError, EXIT } from '../exit-codes.ts';
import { systemOfRunning } from '../system.ts';
import type { WatchPage } from '../watch/watch-board.ts';
import type { Operations } from './operations.ts';

/** Beyond what the server waits itself. */
const HTTP_TIMEOUT_MS = 30_000;

/** Of a running system, by the routes of mountSystem and mountOperations. @throws CommandError */
export async function operationsOfRunning(
  running: { readonly adminUrl: string; readonly token: string },
  domain: string,
): Promise<Operations> {
  const { call } = await systemOfRunning(running, domain);
  const { adminUrl, token } = running;
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => {
    const timeout = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    let response: Response;
    try {
      response = await fetch(`${adminUrl}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
    } catch (cause) {
      throw new CommandError(EXIT.unavailable, `${adminUrl} does not answer`, { cause });
    }
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok) throw new CommandError(EXIT.failed, `${adminUrl}: ${response.status} ${answer.error ?? ''}`);
    return answer;
  };
  return {
    ...{ domain, call },
    reports: () => get<readonly ReceivedReport[]>('/processes'),
    async watch(user, onEvent, signal) {
      for (let after = 0; !signal.aborted; ) {
        try {
          const path = `/watches/${encodeURIComponent(user)}?after=${after}`;
          const { next, events } = await get<WatchPage>(path, signal);
          for (const event of events) onEvent(event);
          after = next;
        } catch (error) {
          // Policy: an end that was asked for is no failure.
          if (!signal.aborted) throw error;
        }
      }
    },
  };
}
