import { type HttpHeaders, type HttpReply, WEBSOCKET_PATH } from '@starling/feature-api';
import type { Logger } from '@starling/runtime';
import type { AddressRanges } from './address-ranges.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** RFC 7395 §3.1: what the client must offer and we answer. */
export const SUBPROTOCOL = 'xmpp';

/** Close codes of RFC 6455 §7.4.1 and its registry. */
export const CLOSE_CODES = {
  normal: 1000,
  /** A binary message (RFC 7395 §3.2). */
  unsupportedData: 1003,
  /** The edge drains; the session resumes elsewhere. */
  serviceRestart: 1012,
} as const;

/** Answers what is not a WebSocket, without the request's body. `path` has no query. */
export type HttpHandler = (method: string, path: string, headers: HttpHeaders) => HttpReply;

export interface WebSocketOptions {
  /** Default: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** 0 = any. */
  readonly port: number;
  /**
   * Bytes of a message beyond which the transport itself closes (1009). Above the stanza limit, so that the scanner refuses first and the client hears
   * policy-violation; a connection can make us hold this much.
   */
  readonly messageBytesMax: number;
  /** Bytes that one connection may have waiting to be sent. */
  readonly sendBufferBytesMax: number;
  /** A connection from which nothing has come for so long, not even a pong to our ping, is closed. */
  readonly idleTimeoutMs: number;
  readonly limits: ConnectionLimits;
  /** Proxies whose X-Forwarded-For says whose connection it is. */
  readonly proxies: AddressRanges;
  readonly http: HttpHandler;
  readonly log: Logger;
}

export const NOT_FOUND: HttpReply = plain(404, 'not found');
export const NOT_ALLOWED: HttpReply = plain(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
export const NOT_XMPP: HttpReply = plain(
  400,
  `a WebSocket with the sub-protocol '${SUBPROTOCOL}' is wanted here (RFC 7395)`,
);
export const TOO_MANY: HttpReply = plain(503, 'too many connections');
const FAILED: HttpReply = plain(500, 'internal error');

function plain(status: number, text: string, headers: HttpHeaders = {}): HttpReply {
  return {
    status,
    headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff', ...headers },
    body: `${text}\n`,
  };
}

/** RFC 9110 §6.4.1: such a reply has no body, and no length of one that was left out. */
export const hasNoBody = (status: number): boolean => status === 204 || status === 304;

/** What a request that is no WebSocket gets. */
export function answerHttp(
  { http, log }: WebSocketOptions,
  method: string,
  path: string,
  headers: HttpHeaders,
): HttpReply {
  if (path === WEBSOCKET_PATH) return NOT_XMPP;
  try {
    return http(method, path, headers);
  } catch (err) {
    // Policy: a page that fails must not end the process with its sessions, as uWebSockets.js would.
    log.error({ what: 'http_request_failed', path, err });
    return FAILED;
  }
}

/** Whether a Sec-WebSocket-Protocol header offers XMPP. */
export function offersXmpp(header: string): boolean {
  return header.split(',').some((name) => name.trim() === SUBPROTOCOL);
}
