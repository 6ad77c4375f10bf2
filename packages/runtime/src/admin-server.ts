import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health } from './health.ts';
import type { Logger } from './log.ts';
import type { MetricsRegistry } from './metrics.ts';
import type { Secret } from './secret.ts';

export interface AdminRequest {
  /** Values of the :names in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as JSON; undefined when there is none. */
  readonly body: unknown;
}
export interface AdminReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
}
export type AdminHandler = (request: AdminRequest) => AdminReply | Promise<AdminReply>;

/** An answer other than success: throw it from a handler. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  constructor(status: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.status = status;
  }
}

export interface AdminOptions {
  readonly host: string;
  /** 0 = any. */
  readonly port: number;
  /** Empty: only this machine may use the mounted routes. */
  readonly token: Secret;
  readonly health: Health;
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
}

interface Route {
  readonly method: string;
  readonly path: readonly string[];
  readonly handler: AdminHandler;
}

/** Makes a URL of a request's path; nobody is asked at that host. */
const BASE = 'http://admin';
const BODY_BYTES_MAX = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 200;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** /livez, /readyz, /metrics, and what the service mounts, on a port of their own. */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #server: Server;
  readonly #routes: Route[] = [];

  private constructor(options: AdminOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Listens. @throws the error of node:net when the port is taken */
  static async open(options: AdminOptions): Promise<AdminServer> {
    const admin = new AdminServer(options);
    await new Promise<void>((resolve, reject) => {
      admin.#server.once('error', reject);
      admin.#server.listen(options.port, options.host, resolve);
    });
    return admin;
  }

  /** The port that it got. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Mounts a route: route('DELETE', '/accounts/:user', …). Only for this machine, or with the token when there is one. */
  route(method: 'DELETE' | 'GET' | 'POST' | 'PUT', path: string, handler: AdminHandler): void {
    this.#routes.push({ method, path: path.split('/'), handler });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 1000).unref();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      // Policy: expected errors carry their status; anything else is a mistake of ours, and its text stays inside.
      if (error instanceof AdminError) return sendJson(response, error.status, { error: error.message });
      this.#options.log.error({ what: 'admin_request_failed', path: request.url?.split('?', 1)[0], err: error });
      sendJson(response, 500, { error: 'internal error' });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    if (!URL.canParse(target, BASE)) throw new AdminError(400, 'malformed path');
    const url = new URL(target, BASE);
    if (request.method === 'GET' || request.method === 'HEAD') {
      // The process answers, so it lives: never ask anybody else here, or an outage of theirs would restart us.
      if (url.pathname === '/livez') return sendJson(response, 200, { live: true });
      if (url.pathname === '/readyz') {
        const readiness = this.#options.health.readiness();
        return sendJson(response, readiness.ready ? 200 : 503, readiness);
      }
      if (url.pathname === '/metrics') {
        const text = await this.#options.metrics.scrape();
        response.writeHead(200, { 'content-type': this.#options.metrics.contentType });
        response.end(text);
        return;
      }
    }
    await this.#answerMounted(url, request, response);
  }

  async #answerMounted(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#authorize(request);
    const segments = url.pathname.split('/');
    const candidates = this.#routes.filter((route) => matches(route.path, segments));
    const route = candidates.find((r) => r.method === request.method);
    if (!route)
      throw candidates.length > 0 ? new AdminError(405, 'method not allowed') : new AdminError(404, 'not found');
    const params = paramsOf(route.path, segments);
    const reply = await route.handler({ params, query: url.searchParams, body: await readJson(request) });
    sendJson(response, reply.status, reply.body);
  }

  #authorize(request: IncomingMessage): void {
    const { authorization, origin } = request.headers;
    // A web page that somebody on this machine has open must not reach it: browsers send one of these, tools do not.
    if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
      throw new AdminError(403, 'not from a browser');
    const { token } = this.#options;
    if (token.isEmpty) {
      if (!LOOPBACK.test(request.socket.remoteAddress ?? ''))
        throw new AdminError(403, 'only from this machine, or set STARLING_ADMIN_TOKEN');
    } else if (!timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token.reveal()}`))) {
      throw new AdminError(401, 'the bearer token is missing or wrong');
    }
  }
}

/** Digests are of equal length, as timingSafeEqual wants them. */
const digest = (text: string) => createHash('sha256').update(text).digest();

const matches = (path: readonly string[], segments: readonly string[]) =>
  path.length === segments.length && path.every((p, i) => (p.startsWith(':') ? segments[i] !== '' : p === segments[i]));

function paramsOf(path: readonly string[], segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  path.forEach((p, i) => {
    if (p.startsWith(':')) params[p.slice(1)] = decodeSegment(segments[i] ?? '');
  });
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    // Policy: a malformed escape is the client's mistake.
    throw new AdminError(400, 'malformed path', { cause: error });
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new AdminError(413, 'the body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    // Policy: no JSON is the client's mistake.
    throw new AdminError(400, 'the body is not JSON', { cause: error });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`);
}
