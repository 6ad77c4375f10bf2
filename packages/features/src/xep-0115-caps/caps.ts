// Source: XEP-0115 1.6.0 — Entity Capabilities
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { el } from '@starling/stanza';
import { verificationString } from './verification-string.ts';

export const NS = { caps: 'http://jabber.org/protocol/caps' } as const;
/** What software this is (§4); a name, nothing need be found there. */
const NODE = 'urn:uuid:1f0d8a5e-6c1d-4d9e-9f37-2b6a4c5d7e90';

export default defineFeature({
  name: 'caps',
  xep: {
    number: 115,
    version: '1.6.0',
    status: 'complete',
    since: '0.2.0',
    note: 'of the server, as a stream feature (§6.3); those of clients pass through; no caps optimization',
  },
  runsOn: ['edge'],
  disco: { server: [NS.caps] },
  config: configSpec({}),
  setup({ disco, streamFeature, whenSetUp }) {
    whenSetUp(() => {
      const ver = verificationString(disco.server);
      streamFeature('after-auth', el('c', NS.caps, { hash: 'sha-1', node: NODE, ver }));
      disco.nodes.server.add(`${NODE}#${ver}`, disco.server);
    });
  },
});
