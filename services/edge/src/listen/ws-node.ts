import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpHeaders, type HttpReply, WEBSOCKET_PATH } from '@starling/feature-api';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Listener, OnConnection } from './byte-channel.ts';
import { clientAddress } from './forwarded.ts';
import { listen, stopListening } from './node-server.ts';
import { plainAddress } from './peer.ts';
import { ignore } from './queued-channel.ts';
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
import { WsNodeChannel } from './ws-node-channel.ts';

/** A client that takes nothing of a reply for so long is cut off; as long as uWebSockets.js waits. */
const HTTP_STALL_TIMEOUT_MS = 10_000;

/**
 * XMPP over WebSocket (RFC 7395) on the npm package `ws`, for where uWebSockets.js has no binary.
 * @throws the error of listen(2)
 */
export async function openWsNodeListener(options: WebSocketOptions, onConnection: OnConnection): Promise<Listener> {
  const turn = new Turn();
  const channels = new Set<WsNodeChannel>();
  let stopped = false;
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.messageBytesMax,
    // The scanner checks UTF-8, and answers with a stream error.
    skipUTF8Validation: true,
    handleProtocols: () => SUBPROTOCOL,
  });
  const server = createServer({ noDelay: true }, (request, response) => answer(request, response, options));
  // Also what is not, or not yet, a WebSocket has a bound.
  server.maxConnections = options.limits.connectionsMax;
  server.on('drop', () => options.limits.hit('connections'));

  const accept = (websocket: WebSocket, socket: Socket, address: string) => {
    const channel = new WsNodeChannel(websocket, socket, { ...options, address, turn });
    channels.add(channel);
    websocket.on('close', () => {
      channels.delete(channel);
      if (stopped && channels.size === 0) clearInterval(heartbeat);
    });
    onConnection(channel);
  };
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Of a plain HTTP server it is always a net.Socket.
    const socket = stream as Socket;
    // ws listens for errors only once it has taken over.
    socket.on('error', ignore);
    if (pathOf(request) !== WEBSOCKET_PATH) return refuse(socket, replyTo(request, options));
    if (!offersXmpp(request.headers['sec-websocket-protocol'] ?? '')) return refuse(socket, NOT_XMPP);
    const forwardedFor = headersOf(request)['x-forwarded-for'] ?? '';
    const address = clientAddress(plainAddress(socket.remoteAddress), forwardedFor, options.proxies);
    if (address === '' || !options.limits.enter(address)) return refuse(socket, TOO_MANY);
    let accepted = false;
    socket.once('close', () => {
      if (!accepted) options.limits.leave(address);
    });
    websockets.handleUpgrade(request, socket, head, (websocket) => {
      accepted = true;
      accept(websocket, socket, address);
    });
  });

  const port = await listen(server, options);
  server.on('error', () => options.limits.hit('accept'));
  // Half the timeout between two looks: a peer has at least that long to answer a ping.
  const heartbeat = setInterval(() => {
    for (const channel of channels) channel.checkAlive();
  }, options.idleTimeoutMs / 2);
  heartbeat.unref();
  return {
    port,
    stop: async () => {
      stopped = true;
      await stopListening(server);
      server.closeIdleConnections();
      if (channels.size === 0) clearInterval(heartbeat);
    },
  };
}

function replyTo(request: IncomingMessage, options: WebSocketOptions): HttpReply {
  return answerHttp(options, request.method ?? '', pathOf(request), headersOf(request));
}

function answer(request: IncomingMessage, response: ServerResponse, options: WebSocketOptions): void {
  const reply = replyTo(request, options);
  const isEmpty = hasNoBody(reply.status);
  // What the handler does not want is not read: the connection would have to be read to its end to be used again.
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(isEmpty ? {} : { 'content-length': Buffer.byteLength(reply.body) }),
    connection: 'close',
  });
  response.setTimeout(HTTP_STALL_TIMEOUT_MS, () => response.destroy());
  response.end(isEmpty || request.method === 'HEAD' ? undefined : reply.body);
}

function refuse(socket: Socket, reply: HttpReply): void {
  const headers = { ...reply.headers, 'content-length': String(Buffer.byteLength(reply.body)), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}\r\n${lines.join('')}\r\n`);
  // The HTTP server has let go of it: nobody else would end the other half.
  socket.once('finish', () => socket.destroy());
  socket.end(reply.body);
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

function headersOf(request: IncomingMessage): HttpHeaders {
  const flat = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(flat);
}
