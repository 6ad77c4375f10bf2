import {
  type Bus,
  BusBusyError,
  BusClosedError,
  call,
  NoRespondersError,
  RequestTimeoutError,
  RpcError,
} from '@starling/bus';
import {
  accounts,
  archive,
  blocks,
  bulk,
  type Method,
  operations,
  personal,
  preferences,
  rosters,
  subjectCovers,
} from '@starling/contracts';
import { AdminError, type AdminServer } from '@starling/runtime';
import { AccountError } from './accounts.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/** What a command asks the services of a system, over whichever way. */
export interface System {
  readonly domain: string;
  readonly streams: number;
  /** @throws AccountError with the condition that the service answered; CommandError when nobody answers */
  call<Request, Reply>(method: Method<Request, Reply>, request: Request): Promise<Reply>;
}

const CALL_TIMEOUT_MS = 20_000;
/** Beyond what the server takes to say that nobody has answered. */
const HTTP_TIMEOUT_MS = 30_000;

type Asker = Pick<Bus, 'request'>;

function systemOf(asker: Asker, domain: string, streams: number): System {
  return {
    ...{ domain, streams },
    async call(method, request) {
      try {
        return await call(asker, method, request, CALL_TIMEOUT_MS);
      } catch (cause) {
        // Policy: `call` throws nothing else, save for what the asker below tells of itself.
        if (!(cause instanceof RpcError)) throw cause;
        if (cause.cause instanceof CommandError) throw cause.cause;
        throw new AccountError(cause.condition, cause.message, { cause });
      }
    },
  };
}

/** The services on this bus. */
export const systemOnBus = (bus: Bus, domain: string, streams: number): System => systemOf(bus, domain, streams);

/** What may be asked through the administration: what the commands ask, and nothing else. */
function allowed(streams: number): ReadonlySet<string> {
  const { keys, create, list } = accounts;
  const ofAll = [
    ...[
      keys,
      create,
      list,
      rosters.get,
      rosters.requests,
      blocks.list,
      blocks.change,
      preferences.get,
      preferences.set,
    ],
    ...[personal.vcard, personal.setVcard, personal.setPrivateXml],
    ...[bulk.privateXml, bulk.importRoster, bulk.importOffline],
  ].map(({ subject }) => subject);
  const ofStreams = Array.from({ length: streams }, (_, s) =>
    [archive.page(s), bulk.passing(s), bulk.importArchive(s), bulk.prune(s)].map(({ subject }) => subject),
  );
  return new Set([...ofAll, ...ofStreams.flat()]);
}

/** And of every edge. */
const OF_EDGES = [operations.sessions('*'), operations.kick('*'), operations.drain('*')].map(({ subject }) => subject);

interface CallJson {
  readonly subject: string;
  /** Base64, as the reply. */
  readonly request: string;
}

/** Mounts the way by which commands ask a running system: requests as they are, and answers as they come. */
export function mountSystem(admin: Pick<AdminServer, 'route'>, bus: Bus, streams: number): void {
  const subjects = allowed(streams);
  const isAllowed = (subject: string) =>
    subjects.has(subject) || (!/[*>]/.test(subject) && OF_EDGES.some((pattern) => subjectCovers(pattern, subject)));
  admin.route('GET', '/system', () => ({ status: 200, body: { streams } }));
  admin.route('POST', '/calls', async ({ body }) => {
    const { subject = '', request = '' } = (body ?? {}) as Partial<CallJson>;
    if (typeof subject !== 'string' || typeof request !== 'string' || !isAllowed(subject))
      throw new AdminError(400, 'bad-request: nobody may ask that here');
    try {
      const reply = await bus.request(subject, Buffer.from(request, 'base64'), CALL_TIMEOUT_MS);
      return { status: 200, body: { reply: Buffer.from(reply).toString('base64') } };
    } catch (cause) {
      // Policy: who asks hears which kind of silence it was; all else is a mistake of ours.
      if (cause instanceof RequestTimeoutError) throw new AdminError(504, cause.message, { cause });
      if (cause instanceof NoRespondersError || cause instanceof BusBusyError || cause instanceof BusClosedError)
        throw new AdminError(503, cause.message, { cause });
      throw cause;
    }
  });
}

/** The services of a running system, by those routes. @throws CommandError */
export async function systemOfRunning(
  { adminUrl, token }: { readonly adminUrl: string; readonly token: string },
  domain: string,
): Promise<System> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = async (path: string, init: RequestInit): Promise<{ status: number; answer: unknown }> => {
    try {
      const response = await fetch(`${adminUrl}${path}`, {
        ...init,
        headers,
        signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
      });
      return { status: response.status, answer: await response.json() };
    } catch (cause) {
      throw new CommandError(EXIT.unavailable, `${adminUrl} does not answer`, { cause });
    }
  };
  const asker: Asker = {
    async request(subject, data) {
      const body = JSON.stringify({ subject, request: Buffer.from(data).toString('base64') } satisfies CallJson);
      const { status, answer } = await ask('/calls', { method: 'POST', body });
      if (status === 504) throw new RequestTimeoutError(subject);
      if (status === 503) throw new NoRespondersError(subject);
      const { reply, error = '' } = answer as { reply?: string; error?: string };
      if (reply === undefined) throw new CommandError(EXIT.failed, `${adminUrl}: ${status} ${error}`);
      return Buffer.from(reply, 'base64');
    },
  };
  const { status, answer } = await ask('/system', { method: 'GET' });
  const { streams } = answer as { streams?: number };
  if (streams === undefined) throw new CommandError(EXIT.failed, `${adminUrl}/system: ${status}`);
  return systemOf(asker, domain, streams);
}
