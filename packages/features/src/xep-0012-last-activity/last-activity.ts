// Source: XEP-0012 2.0 — Last Activity
import { personal } from '@starling/contracts';
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { last: 'jabber:iq:last' } as const;

export default defineFeature({
  name: 'last-activity',
  xep: {
    number: 12,
    version: '2.0',
    status: 'complete',
    since: '0.2.0',
    note: 'of accounts and of the server; requests to a resource reach it like any others',
  },
  runsOn: ['edge'],
  disco: { server: [NS.last], account: [NS.last] },
  config: configSpec({}),
  setup({ iq, call, sessionsOf }) {
    const startedAtMs = Date.now();
    iq.get(NS.last, 'query', ['server', 'account', 'another-account'], async ({ target, account, session }) => {
      if (target === 'server') return answer(startedAtMs); // §5
      if (target === 'account') return answer(Date.now()); // §3: who asks is there
      // Also for an account that is not there: nobody learns by the condition which names there are.
      const last = await call(personal.last, { user: account, asker: session.jid });
      if (!last.visible) throw new StanzaError('forbidden'); // §3
      const isThere = (await sessionsOf(account)).length > 0;
      return isThere ? answer(Date.now()) : answer(last.atMs, last.status);
    });
  },
});

/** Whole seconds since then, and what was said then (§3). */
function answer(sinceMs: number, status = ''): Element {
  const seconds = String(Math.max(0, Math.floor((Date.now() - sinceMs) / 1_000)));
  return status === '' ? el('query', NS.last, { seconds }) : el('query', NS.last, { seconds }, status);
}
