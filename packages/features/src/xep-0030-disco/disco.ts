// Source: XEP-0030 2.5.0 — Service Discovery
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';
import { infoElement, itemsElement, NS } from './answers.ts';

export default defineFeature({
  name: 'disco',
  xep: {
    number: 30,
    version: '2.5.0',
    status: 'partial',
    since: '0.1.0',
    note: 'server and own account; other accounts come with presence',
  },
  runsOn: ['edge'],
  disco: { server: [NS.info, NS.items], account: [NS.info, NS.items] },
  config: configSpec({}),
  setup({ iq, disco }) {
    iq.get(NS.info, 'query', ['server', 'account'], ({ payload, target }) => {
      // §3.2: a node that an entity does not have is item-not-found.
      if (payload.attrs.node !== undefined) throw new StanzaError('item-not-found');
      return infoElement(disco()[target]);
    });
    iq.get(NS.items, 'query', ['server', 'account'], ({ payload }) => itemsElement(payload.attrs.node));
  },
});
