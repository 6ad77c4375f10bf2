// Source: RFC 6121 §5 (exchanging messages).
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export default defineFeature({
  name: 'message',
  rfc: { number: 6121, sections: '5' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({}),
  // The edge's road goes by fate.ts; who gets a message is a rule of rfc-6121-delivery.
  setup() {},
});
