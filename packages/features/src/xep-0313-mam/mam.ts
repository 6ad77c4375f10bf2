// Source: XEP-0313 1.1.3 — Message Archive Management
import { type ArchivedEntry, archive, type PageRequest } from '@starling/contracts';
import { archiveReadUpTo, defineFeature, type IqRequest } from '@starling/feature-api';
import type { BareJid } from '@starling/jid';
import { configSpec, int } from '@starling/runtime';
import { dateTimeOf, el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { formElement } from './form.ts';
import { NS } from './ns.ts';
import { finElement, pageRequestOf, parseQuery } from './query.ts';
import { Results } from './results.ts';
import { spanRead } from './span-read.ts';

const EVERYTHING = { with: '', ids: [], known: [], limit: 1, backwards: false, count: false } as const;

/** In the record of a session that can be resumed. */
const KEPT = 'mam';

export default defineFeature({
  name: 'mam',
  xep: {
    number: 313,
    version: '1.1.3',
    status: 'complete',
    since: '0.2.0',
    note: 'of accounts; with XEP-0059, a page by its index excepted',
  },
  runsOn: ['edge'],
  disco: {
    account: [NS.mam, NS.extended, NS.groupchatField, NS.rsm],
    // Archives are the accounts' ("Determining support"); but profanity 0.13 asks the server alone whether there are any, and ejabberd says so there, too.
    server: [NS.mam],
  },
  config: configSpec({
    pageMax: int('STARLING_MAM_PAGE_MAX', 250, { min: 10, max: 500 }, 'messages of one page of an archive (XEP-0313)'),
  }),
  setup({ iq, bind, on, call, config, archives }) {
    const { ids } = archives;
    const streamOf = (user: BareJid) => archives.streamOf(user);
    const ask = (request: PageRequest) => call(archive.page(streamOf(request.user as BareJid)), request);

    on('session:saved', 'observe', ({ session, kept }) => {
      const readUpTo = archiveReadUpTo.get(session);
      if (readUpTo !== undefined) kept.set(KEPT, `${readUpTo.epoch}/${readUpTo.sequence}`);
      return 'next';
    });
    on('session:restored', 'observe', ({ session, kept }) => {
      const [epoch, sequence] = (kept.get(KEPT) ?? '').split('/').map(Number);
      archiveReadUpTo.set(session, epoch === undefined || sequence === undefined ? undefined : { epoch, sequence });
      return 'next';
    });

    iq.get(NS.mam, 'query', ['account', 'another-account'], (request) => {
      ownerOf(request);
      return el('query', NS.mam, {}, formElement());
    });

    iq.set(NS.mam, 'query', ['account', 'another-account'], async (request) => {
      const user = ownerOf(request);
      const { session } = request;
      const query = parseQuery(request.payload);
      const stream = streamOf(user);
      const find = (id: string) => ids.decode(id, stream);
      const idOf = (position: ArchivedEntry['position']) => ids.encode(position, stream);
      const asked = pageRequestOf(query, { user, limitMax: config.pageMax, find });
      const { logEnd } = session; // before it is asked: the page is as of then
      const page = await ask(asked);
      archiveReadUpTo.set(session, logEnd);
      const results = new Results(user, session.jid, query.queryId, idOf);
      for (const entry of query.flips ? page.entries.toReversed() : page.entries)
        session.deliver(results.encode(entry));
      const span = spanRead(asked, page);
      if (span) archives.wasRead(session, span);
      return finElement(query, page, idOf);
    });

    const metadataOf = async (user: BareJid): Promise<Element> => {
      const stream = streamOf(user);
      const [first, last] = await Promise.all([
        ask({ ...EVERYTHING, user }),
        ask({ ...EVERYTHING, user, backwards: true }),
      ]);
      const end = (name: string, [entry]: readonly ArchivedEntry[]): Element[] =>
        entry === undefined
          ? []
          : [el(name, NS.mam, { id: ids.encode(entry.position, stream), timestamp: dateTimeOf(entry.committedAtMs) })];
      return el('metadata', NS.mam, {}, ...end('start', first.entries), ...end('end', last.entries));
    };

    iq.get(NS.mam, 'metadata', ['account', 'another-account'], (request) => metadataOf(ownerOf(request)));

    // XEP-0386: the server SHOULD describe the archive as it is when the resource is bound.
    bind.notice(async ({ user }) => {
      try {
        return await metadataOf(user);
      } catch (error) {
        // Policy: while the archive cannot answer, a client logs in without.
        if (!(error instanceof StanzaError)) throw error;
        return undefined;
      }
    });
  },
});

/** @throws StanzaError forbidden: somebody else's archive ("Data privacy"), whether there is one or not */
function ownerOf({ target, session: { user } }: IqRequest): BareJid {
  if (target === 'another-account') throw new StanzaError('forbidden');
  return user;
}
