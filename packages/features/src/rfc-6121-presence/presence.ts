// Source: RFC 6121 §4 (exchanging presence information).
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'presence',
  rfc: { number: 6121, sections: '4' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The edge and the presence service carry it out; this folder holds the rules that both go by.
  setup() {},
});
