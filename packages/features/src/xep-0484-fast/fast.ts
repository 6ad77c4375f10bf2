// Source: XEP-0484 0.2.0 — Fast Authentication Streamlining Tokens
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'fast',
  xep: {
    number: 484,
    version: '0.2.0',
    status: 'complete',
    since: '0.2.0',
    note: 'HT-SHA-256-EXPR, -ENDP and -NONE; no TLS 1.3 early data',
  },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The stream does it, within SASL2: services/edge/src/sasl2. Who keeps tokens is the roster service, by the rule in token-slots.ts.
  setup() {},
});
