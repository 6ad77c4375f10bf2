// Source: XEP-0203 2.0 — Delayed Delivery
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'delayed-delivery',
  xep: { number: 203, version: '2.0', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // packages/stanza/src/delay.ts writes delays, the edge's forged.ts takes out those that are not the server's (§5).
  setup() {},
});
