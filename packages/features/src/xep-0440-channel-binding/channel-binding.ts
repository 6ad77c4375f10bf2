// Source: XEP-0440 1.0.0 — SASL Channel-Binding Type Capability
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'channel-binding',
  xep: {
    number: 440,
    version: '1.0.0',
    status: 'complete',
    since: '0.2.0',
    note: 'tls-exporter (TLS 1.3), tls-server-end-point; over TCP',
  },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // It depends on the connection: services/edge/src/stream/negotiation.ts.
  setup() {},
});
