// Source: XEP-0049 1.2 — Private XML Storage
import { personal } from '@starling/contracts';
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { el, StanzaError, storedBytes } from '@starling/stanza';
import { parseElement } from '@starling/xml';
import { NS, storedElements, wantedElement } from './request.ts';

export default defineFeature({
  name: 'private-storage',
  xep: {
    number: 49,
    version: '1.2',
    status: 'complete',
    since: '0.2.0',
    note: 'reserved namespaces are kept like others',
  },
  runsOn: ['edge'],
  disco: { server: [NS.private], account: [NS.private] },
  config: configSpec({}),
  setup({ iq, call }) {
    iq.get(NS.private, 'query', ['account', 'another-account'], async ({ payload, target, account }) => {
      if (target !== 'account') throw new StanzaError('forbidden'); // §3
      const wanted = wantedElement(payload);
      const { xml } = await call(personal.privateXml, { user: account, ns: wanted.ns, name: wanted.name });
      // What was never stored comes back as it was asked for.
      return el('query', NS.private, {}, xml.length > 0 ? parseElement(xml) : el(wanted.name, wanted.ns));
    });

    iq.set(NS.private, 'query', ['account', 'another-account'], async ({ payload, target, account }) => {
      if (target !== 'account') throw new StanzaError('forbidden');
      const elements = storedElements(payload).map((e) => ({ ns: e.ns, name: e.name, xml: storedBytes(e) }));
      await call(personal.setPrivateXml, { user: account, elements });
      return undefined;
    });
  },
});
