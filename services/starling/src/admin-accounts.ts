import type { ScramKeys } from '@starling/contracts';
import { AdminError, type AdminServer } from '@starling/runtime';
import { AccountError, type Accounts } from './accounts.ts';

/** Keys as JSON: bytes in base64. A password never travels, not even here. */
export interface KeysJson {
  readonly mechanism: string;
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

const STATUS: Readonly<Record<string, number>> = {
  'bad-request': 400,
  'jid-malformed': 400,
  'not-acceptable': 400,
  'item-not-found': 404,
  conflict: 409,
  'resource-constraint': 503,
  'remote-server-timeout': 503,
};

/** Mounts the administration of accounts. The body of every failure is `{ error, condition }`. */
export function mountAccounts(admin: Pick<AdminServer, 'route'>, accounts: Accounts): void {
  admin.route('GET', '/accounts', async ({ query }) => {
    return { status: 200, body: await answer(accounts.list(query.get('after') ?? '')) };
  });
  admin.route('POST', '/accounts', async ({ body }) => {
    const { user, keys } = parseBody(body, true);
    await answer(accounts.create(user, keys));
    return { status: 201 };
  });
  admin.route('PUT', '/accounts/:user/keys', async ({ params, body }) => {
    await answer(accounts.setKeys(params.user ?? '', parseBody(body, false).keys));
    return { status: 204 };
  });
  admin.route('PUT', '/accounts/:user/retention', async ({ params, body }) => {
    await answer(accounts.setRetention(params.user ?? '', retentionIn(body)));
    return { status: 204 };
  });
  admin.route('DELETE', '/accounts/:user', async ({ params }) => {
    await answer(accounts.remove(params.user ?? ''));
    return { status: 204 };
  });
}

async function answer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof AccountError)) throw cause;
    throw new AdminError(STATUS[cause.condition] ?? 500, `${cause.condition}: ${cause.message}`, { cause });
  }
}

function parseBody(body: unknown, withUser: boolean): { user: string; keys: readonly ScramKeys[] } {
  const { user, keys } = (body ?? {}) as { user?: unknown; keys?: unknown };
  if (withUser && typeof user !== 'string') throw new AdminError(400, 'bad-request: user is missing');
  if (!Array.isArray(keys) || keys.length === 0) throw new AdminError(400, 'bad-request: keys are missing');
  return { user: String(user), keys: keys.map(keysFromJson) };
}

/** `{ "retentionMs": 0 }`; none = as all others. */
function retentionIn(body: unknown): number | undefined {
  const { retentionMs } = (body ?? {}) as { retentionMs?: unknown };
  if (retentionMs === undefined || retentionMs === null) return undefined;
  if (typeof retentionMs === 'number' && Number.isSafeInteger(retentionMs) && retentionMs >= 0) return retentionMs;
  throw new AdminError(400, 'bad-request: retentionMs is no time');
}

const isText = (value: unknown): value is string => typeof value === 'string';

function keysFromJson(value: unknown): ScramKeys {
  const { mechanism, salt, iterations, storedKey, serverKey } = (value ?? {}) as Partial<KeysJson>;
  if (!isText(mechanism) || !isText(salt) || !isText(storedKey) || !isText(serverKey) || !Number.isInteger(iterations))
    throw new AdminError(400, 'bad-request: keys are malformed');
  return {
    mechanism,
    salt: Buffer.from(salt, 'base64'),
    iterations: Number(iterations),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  };
}

export function keysToJson({ mechanism, salt, iterations, storedKey, serverKey }: ScramKeys): KeysJson {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    mechanism,
    salt: base64(salt),
    iterations,
    storedKey: base64(storedKey),
    serverKey: base64(serverKey),
  };
}
