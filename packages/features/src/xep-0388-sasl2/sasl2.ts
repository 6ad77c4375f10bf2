// Source: XEP-0388 1.0.4 — Extensible SASL Profile
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'sasl2',
  xep: {
    number: 388,
    version: '1.0.4',
    status: 'complete',
    since: '0.2.0',
    note: 'no tasks behind a password: nothing here asks for a second factor',
  },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The stream does it, before there is a session: services/edge/src/sasl2.
  setup() {},
});
