import { busConfig, call, openBus } from '@starling/bus';
import {
  archive,
  type Copy,
  decodeEnvelope,
  type Fate,
  type Position,
  partitionOf,
  START,
  streamOf,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { loadConfig } from '@starling/runtime';
import type { Element } from '@starling/xml';
import { parseOne } from './stream-reader.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** One entry of a user's log, as the archive tells it. */
export interface ReadEntry {
  readonly position: Position;
  readonly copy: Copy;
  readonly fate: Fate;
  readonly stanza: Element;
}

// Envelopes carry stanzas in jabber:client without saying so.
function stanzaOf(bytes: Uint8Array): Element {
  const wrapped = parseOne(`<entry xmlns='jabber:client'>${Buffer.from(bytes)}</entry>`);
  const [stanza] = wrapped.children;
  if (stanza === undefined || typeof stanza === 'string') throw new Error('an entry without a stanza');
  return stanza;
}

/** All that the archive has of a user's log, in its order: asked over NATS, as an edge asks that fills a gap. */
export async function readLog(natsUrl: string, user: string): Promise<readonly ReadEntry[]> {
  const config = loadConfig({ bus: busConfig }, { env: { STARLING_NATS_URL: natsUrl }, args: [] });
  const bus = await openBus(config.bus, { name: 'testkit' });
  try {
    const method = archive.gap(streamOf(partitionOf(user as BareJid), config.bus.logStreams));
    const entries: ReadEntry[] = [];
    for (let after = START, complete = false; !complete; ) {
      const reply = await call(bus, method, { user, after, limit: 0 }, ANSWER_TIMEOUT_MS);
      for (const { position, envelope } of reply.entries) {
        const { copy, fate, stanza } = decodeEnvelope(envelope);
        if (stanza.length > 0) entries.push({ position, copy, fate, stanza: stanzaOf(stanza) });
      }
      after = reply.entries.at(-1)?.position ?? after;
      complete = reply.complete || reply.entries.length === 0;
    }
    return entries;
  } finally {
    await bus.close();
  }
}
