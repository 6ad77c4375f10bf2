// Source: XEP-0424 0.4.2 — Message Retraction
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { NS } from './tombstone.ts';

export default defineFeature({
  name: 'retraction',
  xep: {
    number: 424,
    version: '0.4.2',
    status: 'complete',
    since: '0.2.0',
    note: 'with tombstones; of groupchat there is none yet',
  },
  runsOn: ['edge'],
  disco: { server: [NS.retraction], account: [NS.retraction, NS.tombstones] },
  config: configSpec({}),
  // A retraction is a message like others, which is always kept (rfc-6121-message/fate.ts); the archive goes by tombstone.ts.
  setup() {},
});
