// Source: RFC 6121 §5 (exchanging messages) and §8.5.2 (to a bare JID).
import { defineFeature } from '@starling/feature-api';
import { isFull } from '@starling/jid';
import { configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';

export default defineFeature({
  name: 'message',
  rfc: { number: 6121, sections: '5, 8.5' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  setup({ on }) {
    on('client:stanza', 'guard', ({ stanza }) => {
      if (stanza.kind !== 'message' || stanza.type !== 'groupchat') return 'next';
      // §8.5.2.1.1 and §8.5.2.2.1: the same answer with and without resources, so nothing is given away.
      const toRoom = stanza.to !== '' && isFull(stanza.to);
      return toRoom ? 'next' : new StanzaError('service-unavailable');
    });
  },
});
