// Source: XEP-0092 1.1 — Software Version
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { el } from '@starling/stanza';

export const NS = { version: 'jabber:iq:version' } as const;

export default defineFeature({
  name: 'version',
  xep: {
    number: 92,
    version: '1.1',
    status: 'complete',
    since: '0.1.0',
    note: 'the operating system is not told (§4)',
  },
  runsOn: ['edge'],
  disco: { server: [NS.version] },
  config: configSpec({}),
  setup({ iq, software }) {
    const answer = el(
      'query',
      NS.version,
      {},
      el('name', NS.version, {}, software.name),
      el('version', NS.version, {}, software.version),
    );
    iq.get(NS.version, 'query', ['server'], () => answer);
  },
});
