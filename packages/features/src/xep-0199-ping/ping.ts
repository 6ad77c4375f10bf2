// Source: XEP-0199 2.0.1 — XMPP Ping
// §4.1 server to client and §4.2 client to server
import { randomUUID } from 'node:crypto';
import { defineFeature, type Session } from '@starling/feature-api';
import { parseBareJid } from '@starling/jid';
import { configSpec, duration } from '@starling/runtime';
import { el, Stanza, StreamError } from '@starling/stanza';
import { SilenceWatch } from './silence-watch.ts';

export const NS = { ping: 'urn:xmpp:ping' } as const;

export const pingConfig = configSpec({
  intervalMs: duration(
    'STARLING_PING_INTERVAL',
    '2m',
    {},
    'a client that is silent for so long is pinged (XEP-0199 §4.1); 0s: never',
  ),
  timeoutMs: duration(
    'STARLING_PING_TIMEOUT',
    '30s',
    { min: '100ms' },
    'how long a pinged client may stay silent before its connection is closed',
  ),
});

export default defineFeature({
  name: 'ping',
  xep: { number: 199, version: '2.0.1', status: 'complete', since: '0.1.0' },
  runsOn: ['edge'],
  disco: { server: [NS.ping], account: [NS.ping] },
  config: pingConfig,
  setup({ iq, on, limits, config: { intervalMs, timeoutMs }, domain }) {
    iq.get(NS.ping, 'ping', ['server', 'account'], () => undefined);
    if (intervalMs === 0) return;
    limits.addIdle(intervalMs);

    const from = parseBareJid(domain);
    const watch = new SilenceWatch<Session>({
      intervalMs,
      timeoutMs,
      // Whatever comes is a sign of life, also the error of a client that does not know pings: nobody waits for this answer.
      ping: (session) =>
        session.send(Stanza.build('iq', { type: 'get', id: randomUUID(), from, to: session.jid }, el('ping', NS.ping))),
      giveUp: (session) => session.fail(new StreamError('connection-timeout')), // RFC 6120 §4.6.1, §4.9.3.4
    });
    on('session:bound', 'observe', ({ session }) => {
      watch.add(session);
      return 'next';
    });
    on('session:ended', 'observe', ({ session }) => {
      watch.remove(session);
      return 'next';
    });
  },
});
