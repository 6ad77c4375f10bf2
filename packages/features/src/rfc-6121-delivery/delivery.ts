// Source: RFC 6121 §8 (server rules for processing XML stanzas).
import { defineFeature } from '@starling/feature-api';
import { isFull } from '@starling/jid';
import { configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';

export default defineFeature({
  name: 'delivery',
  rfc: { number: 6121, sections: '8' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  setup({ on }) {
    on('client:stanza', 'guard', ({ stanza }) => {
      if (stanza.kind !== 'message' || stanza.type !== 'groupchat') return 'next';
      // §8.5.2.1.1 and §8.5.2.2.1: the same answer with and without resources, so the sender's edge gives it at once.
      const toResource = stanza.to !== '' && isFull(stanza.to);
      return toResource ? 'next' : new StanzaError('service-unavailable');
    });
  },
});
