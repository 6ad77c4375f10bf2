/** Where the WebSocket is (RFC 7395); nothing else is answered there. */
export const WEBSOCKET_PATH = '/xmpp-websocket';

/** Names in lower case. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** A GET or a HEAD; the two differ only in that the body of the reply is not sent. */
export interface HttpRequest {
  readonly headers: HttpHeaders;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string | Uint8Array;
}

export type HttpRoute = (request: HttpRequest) => HttpReply;

/** What the HTTP port answers besides the WebSocket: a closed table of whole paths, so that no path is ever put together from a request. */
export class HttpTable {
  readonly #routes = new Map<string, HttpRoute>();

  /** @throws Error when the path has a handler, or is none */
  add(path: string, route: HttpRoute): void {
    if (!/^\/[\w./-]*$/.test(path)) throw new Error(`'${path}' is no path`);
    if (this.#routes.has(path) || path === WEBSOCKET_PATH) throw new Error(`two handlers for ${path}`);
    this.#routes.set(path, route);
  }

  find(path: string): HttpRoute | undefined {
    return this.#routes.get(path);
  }
}
