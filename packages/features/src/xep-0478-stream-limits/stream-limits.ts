// Source: XEP-0478 0.2.0 — Stream Limits Advertisement
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { limitsElement } from './limits-element.ts';

export default defineFeature({
  name: 'stream-limits',
  xep: {
    number: 478,
    version: '0.2.0',
    status: 'complete',
    since: '0.2.0',
    note: 'to clients; there are no servers yet',
  },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  setup({ limits, streamFeature, whenSetUp }) {
    whenSetUp(() => {
      const { stanzaBytesMax, idleMs } = limits;
      // Business Rules: limits may change at authentication. Until a resource is bound the whole handshake has one deadline,
      // whatever is sent meanwhile.
      streamFeature('before-auth', limitsElement({ stanzaBytesMax }));
      streamFeature('after-auth', limitsElement({ stanzaBytesMax, idleMs }));
    });
  },
});
