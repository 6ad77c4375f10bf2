import { randomBytes } from 'node:crypto';
import { type BareJid, makeBareJid } from '@starling/jid';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type FoundAccounts, withAccounts } from '../find-accounts.ts';
import { TryClient, type TryEndpoint, XmppError } from '../try/try-client.ts';
import { keysOf, told } from './user.ts';

export interface TryOptions {
  readonly dataDir?: string | undefined;
  /** Default: the domain. */
  readonly host?: string | undefined;
  readonly port: number;
  readonly timeoutMs: number;
}

const NAME_BYTES = 6;
const PASSWORD_BYTES = 24;

interface Guest {
  readonly name: string;
  readonly jid: BareJid;
  readonly password: string;
}

/**
 * `starling try`: two accounts are made, log in, chat and are removed, as clients would on the way through whatever stands before the
 * edges. @throws CommandError that says which step failed
 */
export async function tryOut({ dataDir, host, port, timeoutMs }: TryOptions): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async (found) => {
    const { domain } = found;
    const guests = [guestOf(domain), guestOf(domain)] as const;
    const made: Guest[] = [];
    try {
      for (const guest of guests) {
        await step(`account ${guest.jid}`, makeAccount(found, guest));
        made.push(guest);
      }
      await chat({ host: host ?? domain, port, domain, timeoutMs }, guests);
    } finally {
      for (const { jid } of made) await step(`removed ${jid}`, told(jid, found.accounts.remove(jid)));
    }
  });
}

function guestOf(domain: string): Guest {
  const name = `try-${randomBytes(NAME_BYTES).toString('hex')}`;
  return { name, jid: makeBareJid(name, domain), password: randomBytes(PASSWORD_BYTES).toString('base64url') };
}

async function makeAccount({ accounts }: FoundAccounts, { jid, password }: Guest): Promise<void> {
  await told(jid, accounts.create(jid, await keysOf(password)));
}

async function chat(endpoint: TryEndpoint, [romeo, juliet]: readonly [Guest, Guest]): Promise<void> {
  const clients: TryClient[] = [];
  const login = async ({ name, password }: Guest) => {
    const { client, trust } = await TryClient.login(endpoint, name, password);
    clients.push(client);
    return { client, trust };
  };
  try {
    const first = await step(`login of ${romeo.jid}`, login(romeo));
    const second = await step(`login of ${juliet.jid}`, login(juliet));
    const { trust } = first;
    print(trust.trusted ? 'certificate is trusted' : `certificate is not trusted: ${trust.reason}`);
    first.client.send(juliet.jid, 'question');
    await step('message there', second.client.receiveBody('question'));
    second.client.send(romeo.jid, 'answer');
    await step('message back', first.client.receiveBody('answer'));
  } finally {
    for (const client of clients) client.close();
  }
}

async function step<T>(what: string, work: Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    const result = await work;
    print(`${what} (${Math.round(performance.now() - startedMs)} ms)`);
    return result;
  } catch (cause) {
    if (!(cause instanceof XmppError)) throw cause;
    throw new CommandError(EXIT.unavailable, `${what}: ${cause.message}`, { cause });
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
