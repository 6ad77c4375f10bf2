import { bareOf, tryParseJid } from '@starling/jid';
import { AdminError, type AdminServer } from '@starling/runtime';
import { WatchBoard } from '../watch/watch-board.ts';
import { type Operations, REPORTS_WAIT_MS } from './operations.ts';

/** Below the time that a request may take. */
const POLL_MS = 10_000;

/** Mounts what the commands of operators ask of a system that runs here, beside mountSystem; returns how to stop it. */
export function mountOperations(admin: Pick<AdminServer, 'route'>, operations: Operations): () => void {
  const board = new WatchBoard((user, onEvent, signal) => operations.watch(user, onEvent, signal));
  admin.route('GET', '/processes', async () => ({ status: 200, body: await operations.reports(REPORTS_WAIT_MS) }));
  admin.route('GET', '/watches/:user', async ({ params, query }) => {
    const jid = tryParseJid(params.user ?? '');
    if (jid === undefined) throw new AdminError(400, 'jid-malformed: that is no address');
    const after = Number(query.get('after') ?? '');
    if (!Number.isSafeInteger(after) || after < 0) throw new AdminError(400, 'bad-request: after is a number');
    const page = await board.poll(bareOf(jid), after, POLL_MS);
    if (page === undefined) throw new AdminError(503, 'resource-constraint: too many are watched at a time');
    return { status: 200, body: page };
  });
  return () => board.close();
}
