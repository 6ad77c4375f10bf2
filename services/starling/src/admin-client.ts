import { AccountError, type Accounts } from './accounts.ts';
import { keysToJson } from './admin-accounts.ts';
import { CommandError, EXIT } from './exit-codes.ts';

const REQUEST_TIMEOUT_MS = 15_000;

interface Answer {
  readonly error?: string;
  readonly users?: readonly string[];
  readonly complete?: boolean;
}

/** The accounts of a running system, by the routes of mountAccounts. @throws CommandError when it does not answer */
export function accountsOfRunning({ adminUrl, token }: { adminUrl: string; token: string }): Accounts {
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await request(`${adminUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = parseAnswer(await response.text());
    if (response.ok) return answer;
    const [, condition = '', text = ''] = /^([a-z-]+): (.*)$/s.exec(answer.error ?? '') ?? [];
    if (condition !== '') throw new AccountError(condition, text);
    throw new CommandError(EXIT.failed, `${adminUrl}: ${response.status} ${answer.error ?? ''}`);
  };
  const at = (user: string) => `/accounts/${encodeURIComponent(user)}`;
  return {
    async create(user, keys) {
      await send('POST', '/accounts', { user, keys: keys.map(keysToJson) });
    },
    async setKeys(user, keys) {
      await send('PUT', `${at(user)}/keys`, { keys: keys.map(keysToJson) });
    },
    async remove(user) {
      await send('DELETE', at(user));
    },
    async setRetention(user, retentionMs) {
      await send('PUT', `${at(user)}/retention`, { retentionMs });
    },
    async list(after) {
      const { users = [], complete = true } = await send('GET', `/accounts?after=${encodeURIComponent(after)}`);
      return { users, complete };
    },
  };
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new CommandError(EXIT.unavailable, `${url} does not answer`, { cause });
  }
}

function parseAnswer(text: string): Answer {
  try {
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  } catch {
    // Policy: something else than our admin server answers there; what it says is shown.
    return { error: text.slice(0, 200) };
  }
}
