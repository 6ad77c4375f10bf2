// Source: XEP-0198 1.6.3 — Stream Management
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { FEATURE } from './elements.ts';

/** What it says of itself; streams and sessions do the rest (services/edge/src/sm), since acks are no stanzas. */
export default defineFeature({
  name: 'stream-management',
  xep: {
    number: 198,
    version: '1.6.3',
    status: 'complete',
    since: '0.2.0',
    note: 'a session goes on at any edge, also after the death of its own',
  },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  setup({ streamFeature }) {
    streamFeature('after-auth', FEATURE);
  },
});
