// Source: XEP-0160 1.0.1 — Best Practices for Handling Offline Messages
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

/** §4: a word, no namespace. */
export const FEATURE = 'msgoffline';

// Which messages wait is waits-offline.ts; the edge delivers them (services/edge/src/offline), the archive knows them.
export default defineFeature({
  name: 'offline',
  xep: { number: 160, version: '1.0.1', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: { server: [FEATURE] },
  config: configSpec({}),
  setup() {},
});
