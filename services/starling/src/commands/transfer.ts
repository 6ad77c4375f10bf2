import { accounts as accountMethods, partitionOf, streamOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type FoundAccounts, withAccounts } from '../find-accounts.ts';
import { exportUsers } from '../portable/export-users.ts';
import { importUsers } from '../portable/import-users.ts';
import { pruneArchive } from '../portable/prune.ts';
import { readPortable } from '../portable/reader.ts';
import { withSink } from '../portable/sink.ts';
import { Progress } from '../progress.ts';
import { keysOf, told, type UserOptions, userOf } from './user.ts';

export interface ExportOptions extends UserOptions {
  /** Default: standard output. */
  readonly file?: string | undefined;
  readonly archive: boolean;
}

/** `starling user export`: one user, or all. @throws CommandError */
export async function exportAccounts(
  name: string | undefined,
  { dataDir, file, archive }: ExportOptions,
): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async (found) => {
    const users = name === undefined ? await allUsers(found) : [await knownUser(found, name)];
    await write(found, users, { file, parts: { account: true, archive } });
  });
}

/** `starling archive export`. @throws CommandError */
export async function exportArchive(
  name: string,
  { dataDir, file }: UserOptions & { file?: string | undefined },
): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async (found) => {
    await write(found, [await knownUser(found, name)], { file, parts: { account: false, archive: true } });
  });
}

/** `starling archive prune`. @throws CommandError */
export async function prune(name: string | undefined, before: string, { dataDir }: UserOptions): Promise<void> {
  const beforeMs = Date.parse(before);
  if (!(beforeMs > 0 && beforeMs <= Date.now()))
    throw new CommandError(EXIT.usage, `'${before}' is no date of the past: 2026-01-31, or 2026-01-31T18:00:00Z`);
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async (found) => {
    const system = await found.system();
    const user = name === undefined ? undefined : userOf(name, found.domain);
    // Whichever archive is asked erases everybody's.
    const stream = user === undefined ? 0 : streamOf(partitionOf(user), system.streams);
    const progress = new Progress();
    const erasing = pruneArchive(system, stream, user ?? '', beforeMs, (n) =>
      progress.show(0, 0, `${n} messages erased`),
    );
    const erased = await told(user ?? found.domain, erasing);
    progress.clear();
    process.stdout.write(`${erased} messages erased that were older than ${new Date(beforeMs).toISOString()}\n`);
  });
}

/** `starling user import`. @throws CommandError */
export async function importAccounts(
  file: string,
  { dataDir, resume }: UserOptions & { resume: boolean },
): Promise<void> {
  await withAccounts(dataDir ?? process.env.STARLING_DATA_DIR, async (found) => {
    const progress = new Progress();
    const size = { total: 0, read: 0 };
    const report = {
      // The file is read twice.
      found: (bytes: number) => {
        size.total += bytes;
      },
      read: (bytes: number) => {
        size.read += bytes;
      },
    };
    let passes = 0;
    let user = '';
    let messages = 0;
    const show = () => progress.show(size.read, size.total * (passes === 1 ? 2 : 1), `${user}, ${messages} messages`);
    const importing = importUsers({
      ...{ system: await found.system(), keysOf, resume },
      open: () => {
        passes++;
        return readPortable(file, report);
      },
      note: (text) => {
        progress.clear();
        // Once: the second reading finds the same.
        if (passes === 1) process.stderr.write(`starling: ${text}\n`);
      },
      onUser: (name) => {
        user = name;
        show();
      },
      onMessages: (count) => {
        messages += count;
        show();
      },
    });
    const imported = await told(file, importing);
    progress.clear();
    process.stdout.write(
      `${imported.users} accounts and ${imported.messages} messages imported, ${imported.skipped} accounts passed by\n`,
    );
  });
}

async function write(
  found: FoundAccounts,
  users: readonly BareJid[],
  { file, parts }: { file: string | undefined; parts: { account: boolean; archive: boolean } },
): Promise<void> {
  const system = await found.system();
  const progress = new Progress();
  let done = -1;
  let messages = 0;
  async function* counted(): AsyncGenerator<BareJid> {
    for (const user of users) {
      progress.show(++done, users.length, `${user}, ${messages} messages`);
      yield user;
    }
  }
  const onMessages = (count: number) => {
    messages += count;
    progress.show(done, users.length, `${users[done] ?? ''}, ${messages} messages`);
  };
  const writing = withSink(file, (sink) => exportUsers(counted(), { system, sink, parts, onMessages }));
  await told(file ?? 'export', writing);
  progress.clear();
  if (file !== undefined)
    process.stdout.write(`${users.length} accounts and ${messages} messages written to ${file}\n`);
}

/** Their names only: a hundred bytes each. */
async function allUsers({ accounts, domain }: FoundAccounts): Promise<readonly BareJid[]> {
  const users: BareJid[] = [];
  for (let after = '', complete = false; !complete; after = users.at(-1) ?? '') {
    const page = await told(domain, accounts.list(after));
    users.push(...page.users.map((user) => userOf(user, domain)));
    complete = page.complete || page.users.length === 0;
  }
  return users;
}

/** @throws CommandError when there is no such account */
async function knownUser(found: FoundAccounts, name: string): Promise<BareJid> {
  const user = userOf(name, found.domain);
  const system = await found.system();
  const { exists } = await told(user, system.call(accountMethods.keys, { user }));
  if (!exists) throw new CommandError(EXIT.data, `${user}: does not exist`);
  return user;
}
