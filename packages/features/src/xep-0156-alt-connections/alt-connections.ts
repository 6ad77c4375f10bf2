// Source: XEP-0156 1.4.0 — Discovering Alternative XMPP Connection Methods
import { defineFeature, type HttpReply, WEBSOCKET_PATH } from '@starling/feature-api';
import { configSpec, text } from '@starling/runtime';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import { websocketUrl } from './connection-url.ts';

export const NS = {
  /** RFC 6415. */
  xrd: 'http://docs.oasis-open.org/ns/xri/xrd-1.0',
  websocket: 'urn:xmpp:alt-connections:websocket',
} as const;

/** RFC 6415 §2, §3: where the two formats are. */
const PATHS = { xrd: '/.well-known/host-meta', jrd: '/.well-known/host-meta.json' } as const;

export const altConnectionsConfig = configSpec({
  publicUrl: text(
    'STARLING_PUBLIC_URL',
    '',
    { pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i },
    'where browsers reach the HTTP port, such as https://chat.example.com; empty = the host that they ask',
  ),
});

/** Implementation Notes: readable from any page, and nothing else is. */
function metadata(type: string, body: string): HttpReply {
  const headers = {
    'content-type': type,
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    // It names the host that was asked.
    'cache-control': 'no-cache',
  };
  return { status: 200, headers, body };
}

export default defineFeature({
  name: 'alt-connections',
  xep: { number: 156, version: '1.4.0', status: 'complete', since: '0.2.0', note: 'the WebSocket; BOSH is not served' },
  runsOn: ['edge'],
  disco: {},
  config: altConnectionsConfig,
  setup({ http, config: { publicUrl }, domain }) {
    const linkFor = (host = '') => ({
      rel: NS.websocket,
      href: websocketUrl({ publicUrl, host, domain }, WEBSOCKET_PATH),
    });
    http.route(PATHS.xrd, ({ headers }) => {
      const document = serialize(el('XRD', NS.xrd, {}, el('Link', NS.xrd, linkFor(headers.host))));
      return metadata('application/xrd+xml; charset=utf-8', `<?xml version='1.0' encoding='utf-8'?>\n${document}\n`);
    });
    http.route(PATHS.jrd, ({ headers }) =>
      metadata('application/json', `${JSON.stringify({ links: [linkFor(headers.host)] })}\n`),
    );
  },
});
