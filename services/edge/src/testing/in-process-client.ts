import type { ByteChannel } from '../listen/byte-channel.ts';
import { NO_BINDINGS } from '../listen/channel-bindings.ts';
import { Stream } from '../stream/stream.ts';
import { DOMAIN, type OneEdge, PASSWORD } from './one-edge.ts';

export type Framing = ByteChannel['framing'];

/** A client without a socket: what an edge costs alone. */
export class InProcessClient implements ByteChannel {
  readonly framing: Framing;
  readonly secure = false;
  readonly canUpgrade = false;
  readonly bindings = NO_BINDINGS;
  readonly peerAddress = '127.0.0.1';
  readonly loopback = true;
  readonly bufferedBytes = 0;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;
  onSend: (bytes: Uint8Array) => void = () => undefined;

  constructor(framing: Framing) {
    this.framing = framing;
  }
  send(bytes: Uint8Array): boolean {
    this.onSend(bytes);
    return true;
  }
  pause(): boolean {
    return false;
  }
  resume(): void {}
  upgrade(): void {}
  close(): void {
    setImmediate(() => this.onClose());
  }
  destroy(): void {
    this.close();
  }
}

export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** RFC 7395 §3.3.3: in a WebSocket each stanza says whose it is. */
export const declared = (framing: Framing) => (framing === 'message' ? " xmlns='jabber:client'" : '');

/** One that is logged in and available. */
export async function logIn(world: OneEdge, name: string, framing: Framing): Promise<InProcessClient> {
  world.addAccount(name);
  const client = new InProcessClient(framing);
  new Stream(client, world.edge);
  const declare = declared(framing);
  const open =
    framing === 'message'
      ? `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0'/>`
      : `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${DOMAIN}' version='1.0'>`;
  const plain = Buffer.from(`\0${name}\0${PASSWORD}`).toString('base64');
  let received = '';
  client.onSend = (bytes) => {
    received += Buffer.from(bytes).toString();
  };
  for (const piece of [
    open,
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
    open,
    `<iq${declare} type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`,
    `<presence${declare}/>`,
  ])
    client.onData(Buffer.from(piece));
  while (!received.includes(`<presence`)) await nextTurn();
  client.onSend = () => undefined;
  return client;
}
