// Source: XEP-0054 1.3.0 — vcard-temp
import { personal } from '@starling/contracts';
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { StanzaError, storedBytes } from '@starling/stanza';
import { parseElement } from '@starling/xml';

export const NS = { vcard: 'vcard-temp' } as const;

export default defineFeature({
  name: 'vcard-temp',
  xep: { number: 54, version: '1.3.0', status: 'complete', since: '0.2.0', note: 'of accounts; the server has none' },
  runsOn: ['edge'],
  disco: { server: [NS.vcard], account: [NS.vcard] },
  config: configSpec({}),
  setup({ iq, call }) {
    iq.get(NS.vcard, 'vCard', ['account', 'another-account'], async ({ target, account, session }) => {
      const { xml } = await call(personal.vcard, { user: account, asker: session.jid });
      if (xml.length > 0) return parseElement(xml);
      // §3.3: no account and no vCard look alike to others.
      throw new StanzaError(target === 'account' ? 'item-not-found' : 'service-unavailable');
    });

    iq.set(NS.vcard, 'vCard', ['account', 'another-account'], async ({ payload, target, account }) => {
      if (target !== 'account') throw new StanzaError('forbidden'); // §3.2
      await call(personal.setVcard, { user: account, xml: storedBytes(payload) });
      return undefined;
    });
  },
});
