// Source: XEP-0359 0.7.0 — Unique and Stable Stanza IDs
import { type Envelope, FATE, type Position } from '@starling/contracts';
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { withChild } from '@starling/stanza';
import { NS, stanzaIdXml } from './stanza-id-xml.ts';

export default defineFeature({
  name: 'stanza-ids',
  xep: { number: 359, version: '0.7.0', status: 'complete', since: '0.2.0', note: 'ids of the account’s archive' },
  runsOn: ['edge'],
  disco: { account: [NS.stanzaId] },
  config: configSpec({}),
  setup({ on, archives: { ids } }) {
    // Whom a message does not reach as an archived one, it must not reach with an id (XEP-0313 "Communicating the archive ID").
    on('user:message', 'rewrite', (event) => {
      const { user, envelope, stream, excluded = false } = event;
      const position = archivedAt(envelope, event.position);
      // Without the epoch nobody knows what the archive will call it.
      if (excluded || position === undefined || position.epoch === 0) return 'next';
      event.stanza = withChild(event.stanza, stanzaIdXml(user, ids.encode(position, stream)));
      return 'next';
    });
  },
});

/** Where the archive has it: what is given to others once more has one place only. */
function archivedAt({ fate, repeatsEpoch, repeatsSequence }: Envelope, at: Position | undefined): Position | undefined {
  if (fate === FATE.archived) return at;
  return repeatsEpoch && repeatsSequence ? { epoch: repeatsEpoch, sequence: repeatsSequence } : undefined;
}
