import { makeKeys, PasswordError } from '@starling/edge';
import { type BareJid, domainOf, JidError, localOf, makeBareJid, parseBareJid } from '@starling/jid';
import { formatDurationMs, parseDurationMs } from '@starling/runtime';
import { AccountError } from '../accounts.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { withAccounts } from '../find-accounts.ts';
import { type PasswordSource, readPassword } from '../password.ts';

export interface UserOptions {
  /** Default: STARLING_DATA_DIR, else where a system runs, else the usual folder. */
  readonly dataDir?: string | undefined;
}

/** `starling user add`. @throws CommandError */
export async function addUser(name: string, password: PasswordSource, { dataDir }: UserOptions): Promise<void> {
  const keys = await keysOf(await readPassword(password));
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async ({ accounts, domain }) => {
    const user = userOf(name, domain);
    await told(user, accounts.create(user, keys));
    print(`${user} added`);
  });
}

/** `starling user passwd`. @throws CommandError */
export async function changePassword(name: string, password: PasswordSource, { dataDir }: UserOptions): Promise<void> {
  const keys = await keysOf(await readPassword(password));
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async ({ accounts, domain }) => {
    const user = userOf(name, domain);
    await told(user, accounts.setKeys(user, keys));
    print(`${user} has a new password`);
  });
}

/** `starling user del`. @throws CommandError */
export async function deleteUser(name: string, { dataDir }: UserOptions): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async ({ accounts, domain }) => {
    const user = userOf(name, domain);
    await told(user, accounts.remove(user));
    print(`${user} deleted`);
  });
}

/** `starling user retention`: '30d', '0' for ever, 'default' as all others. @throws CommandError */
export async function setRetention(name: string, duration: string, { dataDir }: UserOptions): Promise<void> {
  const retentionMs = duration === 'default' ? undefined : retentionOf(duration);
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async ({ accounts, domain }) => {
    const user = userOf(name, domain);
    await told(user, accounts.setRetention(user, retentionMs));
    print(`${user} keeps messages ${duration === 'default' ? 'as long as others' : keptFor(retentionMs)}`);
  });
}

/** `starling user list`: one bare JID a line. @throws CommandError */
export async function listUsers({ dataDir }: UserOptions): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async ({ accounts, domain }) => {
    for (let after = '', complete = false; !complete; ) {
      const page = await told(domain, accounts.list(after));
      for (const user of page.users) print(user);
      complete = page.complete || page.users.length === 0;
      after = page.users.at(-1) ?? '';
    }
  });
}

const keptFor = (retentionMs = 0): string => (retentionMs === 0 ? 'for ever' : `for ${formatDurationMs(retentionMs)}`);

function retentionOf(text: string): number {
  const retentionMs = parseDurationMs(text);
  if (retentionMs !== undefined) return retentionMs;
  throw new CommandError(EXIT.data, `'${text}' is no duration: 30d, 12h, 0 (for ever) or default`);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** 'alice' or 'alice@example.com', the domain being the one that is served. */
export function userOf(name: string, domain: string): BareJid {
  try {
    const user = name.includes('@') ? parseBareJid(name) : makeBareJid(name, domain);
    if (localOf(user) === '') throw new CommandError(EXIT.data, `'${name}' has no name before the @`);
    if (domainOf(user) === domain) return user;
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause;
    throw new CommandError(EXIT.data, `'${name}' is no address: ${cause.message}`, { cause });
  }
  throw new CommandError(EXIT.data, `'${name}' is not of ${domain}, which is served here`);
}

export async function keysOf(password: string) {
  try {
    return await makeKeys(password);
  } catch (cause) {
    if (!(cause instanceof PasswordError)) throw cause;
    throw new CommandError(EXIT.data, `the password cannot be used: ${cause.message}`, { cause });
  }
}

const MESSAGES: Readonly<Record<string, { readonly exitCode: number; readonly text: string }>> = {
  conflict: { exitCode: EXIT.data, text: 'exists already' },
  'item-not-found': { exitCode: EXIT.data, text: 'does not exist' },
  'resource-constraint': { exitCode: EXIT.unavailable, text: 'the service or its database is not available' },
  'remote-server-timeout': { exitCode: EXIT.unavailable, text: 'the service does not answer' },
};

/** What the service said, for people. */
export async function told<T>(what: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof AccountError)) throw cause;
    const { exitCode, text } = MESSAGES[cause.condition] ?? { exitCode: EXIT.failed, text: cause.message };
    throw new CommandError(exitCode, `${what}: ${text}`, { cause });
  }
}
