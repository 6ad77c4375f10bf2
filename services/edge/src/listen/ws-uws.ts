import type * as uws from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { createServer, SocketAddress } from 'node:net';
import { type HttpReply, WEBSOCKET_PATH } from '@starling/feature-api';
import type { Listener, OnConnection } from './byte-channel.ts';
import { clientAddress } from './forwarded.ts';
import { plainAddress } from './peer.ts';
import { Turn } from './turn.ts';
import {
  answerHttp,
  hasNoBody,
  NOT_XMPP,
  offersXmpp,
  SUBPROTOCOL,
  TOO_MANY,
  type WebSocketOptions,
} from './websocket.ts';
import { type UwsUserData, WsUwsChannel } from './ws-uws-channel.ts';

export type Uws = Pick<typeof uws, 'App' | 'us_listen_socket_close' | 'us_socket_local_port'>;

/** Without it a second process could listen on the same port and take half of the connections. */
const EXCLUSIVE_PORT = 1;
/** To find one that is free, where any will do. */
const PORT_ATTEMPTS = 5;
/** What uWebSockets.js takes as idleTimeout, in seconds and in steps of four. */
const IDLE_SECONDS = { min: 8, max: 960, step: 4 };
/** end() copies what the kernel does not take at once, for as long as the client takes to read it: only little is sent so. */
const BODY_COPY_BYTES_MAX = 16 * 1024;
/** Above our own bound, so that ours is the one that is met. */
const BACKPRESSURE_SLACK_BYTES = 1024 * 1024;

/** The library or the reason why it cannot be used: there is no binary for this platform and version of Node. */
export async function loadUws(): Promise<Uws> {
  const module: Uws & { default?: Uws } = await import('uWebSockets.js');
  // The official package is CommonJS, the one on npm is not.
  return module.default ?? module;
}

/**
 * XMPP over WebSocket (RFC 7395) on uWebSockets.js.
 * @throws Error when the port is taken
 */
export async function openWsUwsListener(
  library: Uws,
  options: WebSocketOptions,
  onConnection: OnConnection,
): Promise<Listener> {
  const { limits, sendBufferBytesMax, messageBytesMax } = options;
  const turn = new Turn();
  const app = library.App();
  app.ws<UwsUserData>(WEBSOCKET_PATH, {
    maxPayloadLength: messageBytesMax,
    maxBackpressure: sendBufferBytesMax + BACKPRESSURE_SLACK_BYTES,
    idleTimeout: idleSeconds(options.idleTimeoutMs),
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => {
      if (!offersXmpp(request.getHeader('sec-websocket-protocol'))) return answer(response, NOT_XMPP);
      const peer = addressOf(response.getRemoteAddressAsText());
      const address = clientAddress(peer, request.getHeader('x-forwarded-for'), options.proxies);
      if (!limits.enter(address)) return answer(response, TOO_MANY);
      response.upgrade<UwsUserData>({ address }, request.getHeader('sec-websocket-key'), SUBPROTOCOL, '', context);
    },
    open: (socket) => {
      const data = socket.getUserData();
      data.channel = new WsUwsChannel(socket, { address: data.address, sendBufferBytesMax, limits, turn });
      onConnection(data.channel);
    },
    message: (socket, message, isBinary) => socket.getUserData().channel?.received(message, isBinary),
    drain: (socket) => socket.getUserData().channel?.drained(),
    close: (socket) => socket.getUserData().channel?.gone(),
  });
  app.any('/*', (response, request) => {
    const method = request.getCaseSensitiveMethod();
    answer(response, answerHttp(options, method, request.getUrl(), headersOf(request)), method);
  });
  const socket = await (options.port === 0 ? listenAnywhere(app, options) : listen(app, options));
  return {
    port: library.us_socket_local_port(socket),
    stop: async () => library.us_listen_socket_close(socket),
  };
}

/**
 * uWebSockets.js sets SO_REUSEADDR only where it is told a port: on one that the system chose nobody could listen for a minute after a kill -9,
 * and who is started again on this machine keeps its ports.
 */
async function listenAnywhere(app: uws.TemplatedApp, options: WebSocketOptions): Promise<uws.us_listen_socket> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listen(app, { ...options, port: await freePort(options.host) });
    } catch (error) {
      // Policy: somebody was quicker; another one is tried.
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function freePort(host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

function listen(app: uws.TemplatedApp, { host, port }: WebSocketOptions): Promise<uws.us_listen_socket> {
  return new Promise((resolve, reject) => {
    const listened = (socket: uws.us_listen_socket | false) => {
      if (socket === false) reject(new Error(`cannot listen on ${host ?? '*'}:${port}`));
      else resolve(socket);
    };
    if (host === undefined) app.listen(port, EXCLUSIVE_PORT, listened);
    else (app.listen as unknown as ListenOnHost)(host, port, EXCLUSIVE_PORT, listened);
  });
}

/** Missing in the types, present in the code. */
type ListenOnHost = (
  host: string,
  port: number,
  options: number,
  done: (socket: uws.us_listen_socket | false) => void,
) => void;

function answer(response: uws.HttpResponse, reply: HttpReply, method = 'GET'): void {
  response.cork(() => {
    response.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? ''}`);
    for (const [name, value] of Object.entries(reply.headers)) response.writeHeader(name, value);
    // endWithoutBody with an argument aborts the process ("without responding", seen with version 20).
    if (hasNoBody(reply.status)) response.endWithoutBody();
    else if (method === 'HEAD')
      response.writeHeader('content-length', `${Buffer.byteLength(reply.body)}`).endWithoutBody();
    else if (reply.body.length <= BODY_COPY_BYTES_MAX) response.end(reply.body, true);
    else lend(response, typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body);
  });
}

/** Sends a body from where it is, at the pace of the client; one that takes nothing for ten seconds is cut off. */
function lend(response: uws.HttpResponse, body: Uint8Array): void {
  const started = response.getWriteOffset();
  response.onAborted(() => undefined);
  response.onWritable((offset) => response.tryEnd(body.subarray(offset - started), body.length)[0]);
  response.tryEnd(body, body.length);
}

function headersOf(request: uws.HttpRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  request.forEach((name, value) => {
    headers[name] = value;
  });
  return headers;
}

/** uWebSockets.js writes all groups of an IPv6 address with all their zeros. */
function addressOf(text: ArrayBuffer): string {
  const address = Buffer.from(text).toString();
  return address.includes(':') ? plainAddress(new SocketAddress({ address, family: 'ipv6' }).address) : address;
}

function idleSeconds(idleTimeoutMs: number): number {
  const { min, max, step } = IDLE_SECONDS;
  return Math.min(Math.max(Math.ceil(idleTimeoutMs / 1000 / step) * step, min), max);
}
