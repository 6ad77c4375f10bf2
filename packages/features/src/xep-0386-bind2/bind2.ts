// Source: XEP-0386 1.1.0 — Bind 2
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'bind2',
  xep: { number: 386, version: '1.1.0', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The stream does it, within SASL2: services/edge/src/sasl2/bind2.ts. What may be asked for with it, features declare by `bind`.
  setup() {},
});
