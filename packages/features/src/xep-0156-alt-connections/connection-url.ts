/** RFC 1035 §2.3.4, and a port. */
const AUTHORITY_CHARS_MAX = 253 + ':65535'.length;
/** A name, an IPv4 or an IPv6 address, and a port: nothing that could be more than the authority of a URL. */
const AUTHORITY = /^(?<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?<port>:\d{1,5})?$/i;
const LOOPBACK = /^(localhost|[a-z0-9.-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i;

/** Who serves this, as far as anybody has told. */
export interface Whereabouts {
  /** What the operator has configured, `https://chat.example.com`; '' = nothing. */
  readonly publicUrl: string;
  /** The Host header of the request; whatever the client wrote. */
  readonly host: string;
  readonly domain: string;
}

/**
 * The URL of the WebSocket. XEP-0156, Business Rules: connection URLs start with wss://, since whoever reads them came over HTTPS, which ends in a proxy
 * before this port; so no header has to say which scheme it was, and none is believed. Only a loopback address, for which nobody has a certificate, is ws://.
 */
export function websocketUrl({ publicUrl, host, domain }: Whereabouts, path: string): string {
  if (publicUrl !== '') return `${publicUrl.replace(/^http/i, 'ws').replace(/\/$/, '')}${path}`;
  const found = host.length <= AUTHORITY_CHARS_MAX ? AUTHORITY.exec(host)?.groups : undefined;
  const authority = found === undefined ? domain : host.toLowerCase();
  return `${LOOPBACK.test(found?.host ?? domain) ? 'ws' : 'wss'}://${authority}${path}`;
}
