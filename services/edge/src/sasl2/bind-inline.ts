import { archiveReadUpTo, type Session } from '@starling/feature-api';
import { parseBind } from '@starling/features/xep-0386-bind2/bind-request';
import { resourceFor } from '@starling/features/xep-0386-bind2/resource';
import type { BareJid, FullJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import type { ClientSession } from '../session.ts';
import type { Stream } from '../stream/stream.ts';
import type { StreamHost } from '../stream/stream-host.ts';

/** A resource that is bound, and what its client is told with it. */
export interface Bound {
  readonly jid: FullJid;
  readonly results: readonly Element[];
}

/**
 * Bind 2 (XEP-0386): 1 the resource · 2 what was asked for that holds from the beginning · 3 the session · 4 what was asked for that needs
 * one · 5 from here on it gets what comes, which the stream holds back until the client has been told · 6 what everybody is told, of a
 * moment behind that, so that between the archive and what comes there is no gap. Undefined when there can be no session now: the client is authenticated all the same, and may bind as RFC
 * 6120 has it, which tells it why not.
 */
export async function bindInline(
  host: StreamHost,
  stream: Stream,
  { user, client, bind }: { readonly user: BareJid; readonly client: string; readonly bind: Element },
): Promise<Bound | undefined> {
  const { tag, requests } = parseBind(bind);
  const resource = resourceFor(host.clientSecrets.resources, user, client, tag);
  const { binds } = host.features;
  const asked = requests.flatMap((request) => {
    const inline = binds.find(request.ns, request.name);
    return inline === undefined ? [] : [{ request, inline }];
  });
  const prepare = (session: Session) => {
    for (const { request, inline } of asked) inline.before?.(session, request);
  };
  let session: ClientSession;
  try {
    session = await host.prepareSession(stream, user, resource, prepare);
  } catch (error) {
    // Policy: see above.
    if (!(error instanceof StanzaError)) throw error;
    return undefined;
  }
  if (stream.closed) {
    host.sessionEnded(session);
    return undefined;
  }
  // "Clear the offline messages […] (as they will be provided by MAM)": those that MAM provides.
  archiveReadUpTo.set(session, session.logEnd);
  stream.bound(session);
  const results: Element[] = [];
  for (const { request, inline } of asked) {
    const result = await inline.after?.(session, request);
    if (result !== undefined) results.push(result);
  }
  if (stream.closed) return undefined; // the session has ended with it
  stream.hold();
  host.sessionStarted(session);
  for (const notice of await Promise.all(binds.notices.map((notice) => notice(session))))
    if (notice !== undefined) results.push(notice);
  return { jid: session.jid, results };
}
