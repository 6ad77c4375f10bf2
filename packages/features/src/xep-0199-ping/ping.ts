// Source: XEP-0199 2.0.1 — XMPP Ping, §4.2 client to server
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';

export const NS = { ping: 'urn:xmpp:ping' } as const;

export default defineFeature({
  name: 'ping',
  xep: {
    number: 199,
    version: '2.0.1',
    status: 'partial',
    since: '0.1.0',
    note: 'answers pings; does not ping clients yet',
  },
  runsOn: ['edge'],
  disco: { server: [NS.ping], account: [NS.ping] },
  config: configSpec({}),
  setup({ iq }) {
    iq.get(NS.ping, 'ping', ['server', 'account'], () => undefined);
  },
});
