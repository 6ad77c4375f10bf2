// Source: XEP-0334 1.0.0 — Message Processing Hints
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'message-hints',
  xep: { number: 334, version: '1.0.0', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The edge's road goes by rfc-6121-message/fate.ts (what is stored) and by hints.ts (what others have to know).
  setup() {},
});
