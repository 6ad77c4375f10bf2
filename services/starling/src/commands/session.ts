import { operations as methods, type SessionsReply } from '@starling/contracts';
import { bareOf, isFull, tryParseJid } from '@starling/jid';
import { CommandError, EXIT } from '../exit-codes.ts';
import { findEdges } from '../operations/find-edges.ts';
import type { Operations } from '../operations/operations.ts';
import { countsLine, type FoundSession, foundOn, sessionJson, sessionLine } from '../operations/session-lines.ts';
import { withOperations } from '../operations/with-operations.ts';
import { told, userOf } from './user.ts';

export interface SessionListOptions {
  readonly dataDir?: string | undefined;
  readonly edge?: string | undefined;
  readonly json: boolean;
  /** Of each edge. */
  readonly limit: number;
  /** Full JID, exclusive. */
  readonly after: string;
}

/** `starling session list`: of a user, or of everybody; page by page. @throws CommandError */
export async function listSessions(name: string | undefined, options: SessionListOptions): Promise<void> {
  const { dataDir, edge, json, limit, after } = options;
  await withOperations(dataDir, async (operations) => {
    const user = name === undefined ? '' : userOf(name, operations.domain);
    const pages = await askEdges(operations, { user, after, limit }, edge);
    const sessions = pages.flatMap(({ id, page }) => page.sessions.map((session) => foundOn(id, session)));
    // Of edges whose page is not the last, nobody knows what is behind it: the next page begins behind the shortest.
    const ends = pages.filter(({ page }) => !page.complete).map(({ page }) => page.sessions.at(-1)?.jid ?? '');
    const upTo = ends.sort(byText)[0];
    const shown = sessions.filter(({ jid }) => upTo === undefined || jid <= upTo).sort((a, b) => byText(a.jid, b.jid));
    if (json) {
      const edges = pages.map(({ id, page: { total, users, detached } }) => ({ edge: id, total, users, detached }));
      print(JSON.stringify({ edges, sessions: shown.map(sessionJson), next: upTo ?? null }));
      return;
    }
    for (const session of shown) print(sessionLine(session));
    for (const { id, page } of pages) print(countsLine(id, page));
    if (upTo !== undefined) print(`there are more: --after '${upTo}'`);
  });
}

export interface KickOptions {
  readonly dataDir?: string | undefined;
  /** All sessions of a bare JID. */
  readonly all: boolean;
  readonly reason: string;
}

/** `starling session kick`: ends a session, or all of a user, for good. @throws CommandError */
export async function kickSession(name: string, { dataDir, all, reason }: KickOptions): Promise<void> {
  await withOperations(dataDir, async (operations) => {
    const jid = tryParseJid(name.includes('@') ? name : `${name}@${operations.domain}`);
    if (jid === undefined) throw new CommandError(EXIT.data, `'${name}' is no address`);
    if (!isFull(jid) && !all)
      throw new CommandError(EXIT.usage, `${jid} names no session: ${jid}/resource, or all of them (--all)`);
    const user = userOf(bareOf(jid), operations.domain);
    const found = await sessionsOf(operations, user);
    const wanted = isFull(jid) ? found.filter((session) => session.jid === jid) : found;
    if (wanted.length === 0) throw new CommandError(EXIT.data, `${jid}: no such session`);
    let kicked = 0;
    for (const { edge, session, jid: ended } of wanted) {
      const asked = operations.call(methods.kick(edge), { user, session, text: reason });
      const { known } = await told(ended, asked);
      print(known ? `${ended} ended on ${edge}` : `${ended} is not on ${edge} any more`);
      if (known) kicked++;
    }
    if (kicked === 0) throw new CommandError(EXIT.failed, `${jid}: it has gone on elsewhere meanwhile; try again`);
  });
}

async function sessionsOf(operations: Operations, user: string): Promise<readonly FoundSession[]> {
  const pages = await askEdges(operations, { user, after: '', limit: 0 }, undefined);
  return pages.flatMap(({ id, page }) => page.sessions.map((session) => foundOn(id, session)));
}

async function askEdges(
  operations: Operations,
  request: { readonly user: string; readonly after: string; readonly limit: number },
  named: string | undefined,
): Promise<readonly { readonly id: string; readonly page: SessionsReply }[]> {
  const edges = await findEdges(operations, named);
  return Promise.all(
    edges.map(async ({ id }) => ({ id, page: await told(id, operations.call(methods.sessions(id), request)) })),
  );
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const print = (line: string): void => void process.stdout.write(`${line}\n`);
