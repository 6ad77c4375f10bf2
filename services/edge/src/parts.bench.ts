// Parts of an edge, each alone: `npm run bench:parts` starts it as a process of its own, with the options as JSON. Prints a PartLine for each.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { COPY, encodeEnvelope, FATE, type Fate, HINT, KIND, subjects } from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import { MetricsRegistry } from '@starling/runtime';
import { type MeasureOptions, measurePart, type Part } from '@starling/testkit/parts';
import { byFate, DeliveryTimes, secondsSince } from './message-times.ts';
import { edgeMetrics } from './metrics.ts';
import { makeKeys } from './sasl/index.ts';
import { Scram } from './sasl/scram.ts';
import { type Framing, type InProcessClient, logIn, nextTurn } from './testing/in-process-client.ts';
import { DOMAIN, type OneEdge, startOneEdge } from './testing/one-edge.ts';

const BODY = `<body>${'Deny thy father. '.repeat(12)}</body>`;
/** Messages of one turn of the loop. */
const A_TURN = 400;
const ROMEO = `romeo@${DOMAIN}/r` as FullJid;
const JULIET = `juliet@${DOMAIN}` as BareJid;

/** From the bytes of a client to the bus: who it is for is on another edge, or nowhere. */
function receive(client: InProcessClient): Part {
  const stanza = Buffer.from(
    `<message to='nobody@${DOMAIN}' type='chat' id='m1'>${BODY}<no-store xmlns='urn:xmpp:hints'/></message>`,
  );
  return {
    name: 'receive a routed message: from a client to the bus',
    run: async (count) => {
      for (let done = 0; done < count; ) {
        for (let n = 0; n < A_TURN && done < count; n++, done++) client.onData(stanza);
        await nextTurn();
      }
    },
  };
}

/** From the bus to the bytes for a client. */
function deliver(name: string, client: InProcessClient, fate: Fate, put: (envelope: Uint8Array) => void): Part {
  const stanza = Buffer.from(`<message from='${ROMEO}' to='${JULIET}' type='chat' id='m1'>${BODY}</message>`);
  let delivered = 0;
  client.onSend = () => {
    delivered++;
  };
  const envelope = encodeEnvelope({
    ...{ id: fate === FATE.live ? '' : 'id', owner: JULIET, from: ROMEO, to: JULIET, kind: KIND.message, type: 'chat' },
    ...{ fate, copy: COPY.received, hints: HINT.body, origin: 'edge-2/1', sentAtMs: Date.now(), after: 0, stanza },
  });
  return {
    name,
    run: async (count) => {
      const due = delivered + count;
      for (let done = 0; done < count; ) {
        for (let n = 0; n < A_TURN && done < count; n++, done++) put(envelope);
        await nextTurn();
      }
      while (delivered < due) await nextTurn();
    },
  };
}

/** The log's entries for one user, one behind another. */
function entriesTo({ bus }: OneEdge, user: BareJid): (envelope: Uint8Array) => void {
  const subject = subjects.user(user);
  let sequence = 0;
  return (envelope) => bus.republish(subject, envelope, { stream: 0, sequence: ++sequence, previous: sequence - 1 });
}

/** A whole exchange, with keys that have been read already; the client's proof is none of it. */
async function authenticate(): Promise<Part> {
  const keys = await makeKeys('sekret');
  const own = keys.find(({ mechanism }) => mechanism === 'SCRAM-SHA-1');
  if (own === undefined) throw new Error('no keys for SCRAM-SHA-1');
  const serverNonce = '3rfcNHYJY1ZVvWVs7j';
  const first = 'n=romeo,r=fyko+d2lbbFgONRv9qkxdawL';
  const nonce = `fyko+d2lbbFgONRv9qkxdawL${serverNonce}`;
  const serverFirst = `r=${nonce},s=${Buffer.from(own.salt).toString('base64')},i=${own.iterations}`;
  const bare = `c=biws,r=${nonce}`;
  const salted = pbkdf2Sync('sekret', own.salt, own.iterations, own.storedKey.length, 'sha1');
  const clientKey = createHmac('sha1', salted).update('Client Key').digest();
  const storedKey = createHash('sha1').update(clientKey).digest();
  const signature = createHmac('sha1', storedKey).update(`${first},${serverFirst},${bare}`).digest();
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0))).toString('base64');
  const [message, final] = [Buffer.from(`n,,${first}`), Buffer.from(`${bare},p=${proof}`)];
  const reply = { exists: true, keys };
  const options = { domain: DOMAIN, lookup: async () => reply };
  return {
    name: `SCRAM-SHA-1 exchange, ${own.iterations} iterations, keys at hand (server)`,
    run: async (count) => {
      for (let i = 0; i < count; i++) {
        const exchange = new Scram('SCRAM-SHA-1', options, { serverNonce });
        await exchange.step(message);
        if (!('success' in (await exchange.step(final)))) throw new Error('the proof is not accepted');
      }
    },
  };
}

/** All that is counted of one archived message with one recipient, on both edges: what metrics cost on the road. */
function count(): Part {
  const metrics = new MetricsRegistry().register(edgeMetrics);
  const stored = byFate(metrics.acceptSeconds)[FATE.archived];
  const times = new DeliveryTimes(metrics);
  const [received, sent] = [metrics.stanzasIn.with({ kind: 'message' }), metrics.stanzasOut.with({ kind: 'message' })];
  const accepted = metrics.messages.with({ fate: 'archived' });
  return {
    name: 'count an archived message: all its metrics on both edges',
    run: (messages) => {
      for (let i = 0; i < messages; i++) {
        const sentAtMs = Date.now();
        metrics.bytesIn.inc(BODY.length);
        received.inc();
        accepted.inc();
        stored.observe(secondsSince(sentAtMs));
        sent.inc();
        metrics.bytesOut.inc(BODY.length);
        times.delivered(FATE.archived, sentAtMs);
      }
    },
  };
}

const options = JSON.parse(process.argv[2] ?? '') as MeasureOptions;
const tell = async (part: Part) => console.log(JSON.stringify(await measurePart(part, options)));

await tell(count());
await tell(await authenticate());
for (const [framing, transport] of [
  ['stream', 'TCP'],
  ['message', 'WebSocket'],
] as const satisfies readonly (readonly [Framing, string])[]) {
  const world = await startOneEdge();
  const [romeo, juliet] = [await logIn(world, 'romeo', framing), await logIn(world, 'juliet', framing)];
  if (framing === 'stream') await tell(receive(romeo));
  const feed = subjects.user(JULIET);
  const live = deliver(`deliver a routed message, ${transport}`, juliet, FATE.live, (e) => world.bus.publish(feed, e));
  await tell(live);
  await tell(deliver(`deliver an entry of a log, ${transport}`, juliet, FATE.archived, entriesTo(world, JULIET)));
  await world.stop();
}
