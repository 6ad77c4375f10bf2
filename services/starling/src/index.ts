import { createLogger } from '@starling/runtime';
import { CommanderError } from 'commander';
import { check } from './commands/check.ts';
import { cluster } from './commands/cluster.ts';
import { drain } from './commands/drain.ts';
import { migrate } from './commands/migrate.ts';
import { kickSession, listSessions } from './commands/session.ts';
import { start } from './commands/start.ts';
import { top } from './commands/top.ts';
import { exportAccounts, exportArchive, importAccounts, prune } from './commands/transfer.ts';
import { tryOut } from './commands/try.ts';
import { addUser, changePassword, deleteUser, listUsers, setRetention } from './commands/user.ts';
import { watch } from './commands/watch.ts';
import { EXIT } from './exit-codes.ts';
import { explain } from './explain.ts';
import { type Actions, buildProgram } from './program.ts';

const done = (work: Promise<void>): Promise<number> => work.then(() => EXIT.ok);

const actions: Actions = {
  start: (args, { jsonReady }) => start(args, jsonReady),
  cluster: (args, options) => cluster(args, options),
  check: (args, { json }) => check(args, json),
  migrate: (args, { json, timeout: timeoutMs }) => migrate(args, { asJson: json, timeoutMs }),
  try: ({ timeout, ...options }) => done(tryOut({ ...options, timeoutMs: timeout * 1_000 })),
  userAdd: (name, argument, { passwordStdin: fromStdin, dataDir }) =>
    done(addUser(name, { argument, fromStdin }, { dataDir })),
  userPasswd: (name, argument, { passwordStdin: fromStdin, dataDir }) =>
    done(changePassword(name, { argument, fromStdin }, { dataDir })),
  userDel: (name, options) => done(deleteUser(name, options)),
  userRetention: (name, duration, options) => done(setRetention(name, duration, options)),
  userList: (options) => done(listUsers(options)),
  userExport: (name, options) => done(exportAccounts(name, options)),
  userImport: (file, options) => done(importAccounts(file, options)),
  archiveExport: (name, options) => done(exportArchive(name, options)),
  archivePrune: (name, { before, dataDir }) => done(prune(name, before, { dataDir })),
  drain: (edge, { timeout: timeoutMs, ...options }) => done(drain(edge, { ...options, timeoutMs })),
  sessionList: (name, options) => done(listSessions(name, options)),
  sessionKick: (jid, options) => done(kickSession(jid, options)),
  watch: (name, options) => done(watch(name, options)),
  top: ({ interval: intervalMs, ...options }) => done(top({ ...options, intervalMs })),
};

/** The `starling` command. @param args behind its name @returns the exit code, when everything has ended */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(actions, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Policy: every error ends the command; explain() knows the expected ones, and a mistake of ours shows its stack.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { exitCode: code, message } = explain(error);
    if (message === undefined) {
      const log = createLogger({ service: 'starling', id: `starling-${process.pid}`, level: 'error' });
      log.error({ what: 'process_failed', err: error });
      await log.flush();
    } else process.stderr.write(`starling: ${message}\n`);
    return code;
  }
}
