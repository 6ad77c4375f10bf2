// Source: RFC 6121 §3 (managing presence subscriptions) and Appendix A.
import { rosters } from '@starling/contracts';
import { defineFeature, type Session, type Verdict } from '@starling/feature-api';
import { bareOf, domainOf } from '@starling/jid';
import { configSpec } from '@starling/runtime';
import { el, NS, type Stanza, StanzaError } from '@starling/stanza';
import { isSubscriptionType } from './transition.ts';

export default defineFeature({
  name: 'subscription',
  rfc: { number: 6121, sections: '3, A' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  setup({ on, call, domain, streamFeature }) {
    streamFeature('after-auth', el('sub', NS.preApproval)); // §3.4

    on('client:stanza', 'deliver', ({ session, stanza }) => {
      if (stanza.kind !== 'presence' || !isSubscriptionType(stanza.type)) return 'next';
      return manage(session, stanza);
    });

    /** Resolves when both sides are committed: only then the stanza counts as handled. */
    async function manage(session: Session, stanza: Stanza): Promise<Verdict> {
      if (stanza.to === '') throw new StanzaError('bad-request', 'a subscription needs a contact');
      const contact = bareOf(stanza.to); // §3.1.2: as if it had been directed to the bare JID
      if (domainOf(contact) !== domain) throw new StanzaError('remote-server-not-found'); // RFC 6120 §10.4
      const stamped = stanza.with({ from: session.user, to: contact }); // §3, the note: never the full JID
      await call(rosters.subscribe, {
        user: session.user,
        contact,
        type: stanza.type,
        stanza: stamped.encode(),
      });
      return 'handled';
    }
  },
});
