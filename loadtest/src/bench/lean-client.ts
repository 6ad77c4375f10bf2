import { LeanConnection } from '../peers/generator/lean-connection.ts';
import type { Place } from '../peers/generator/orders.ts';

const NS = { sasl: 'urn:ietf:params:xml:ns:xmpp-sasl', bind: 'urn:ietf:params:xml:ns:xmpp-bind' } as const;
const FEATURES = /<\/(?:stream:)?features>/;
const END = '</message>';

/** A client on loopback that costs as little as it can: it knows XMPP only as far as the load needs it. */
export class LeanClient {
  readonly jid: string;
  readonly #connection: LeanConnection;
  #onMessages: (count: number) => void = () => undefined;
  #tail = '';

  private constructor(jid: string, connection: LeanConnection) {
    this.jid = jid;
    this.#connection = connection;
    connection.flow(
      (text) => this.#count(text),
      (reason) => {
        throw new Error(`${jid}: ${reason}`);
      },
    );
  }

  /** Logs in with PLAIN (loopback needs no TLS), binds, sends presence. @throws Error */
  static async login(place: Place, username: string, password: string): Promise<LeanClient> {
    const connection = await LeanConnection.open(place);
    const ns = connection.stanzaNamespace;
    connection.openStream();
    await connection.read(FEATURES);
    const secret = Buffer.from(`\0${username}\0${password}`).toString('base64');
    connection.write(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${secret}</auth>`);
    await connection.read(/<success/);
    connection.openStream();
    await connection.read(FEATURES);
    const bind = `<bind xmlns='${NS.bind}'><resource>load</resource></bind>`;
    connection.write(`<iq${ns} type='set' id='b'>${bind}</iq>`);
    connection.write(`<presence${ns}/>`);
    await connection.read(/<presence/);
    return new LeanClient(`${username}@${place.domain}/load`, connection);
  }

  /** Told how many messages have come. */
  set onMessages(handler: (count: number) => void) {
    this.#onMessages = handler;
  }

  /** What begins a stanza: in a WebSocket each has to say whose it is. */
  get stanzaNamespace(): string {
    return this.#connection.stanzaNamespace;
  }

  send(xml: string): void {
    this.#connection.write(xml);
  }

  close(): void {
    this.#connection.destroy();
  }

  #count(chunk: string): void {
    const text = this.#tail + chunk;
    let count = 0;
    let from = 0;
    for (let at = text.indexOf(END); at >= 0; at = text.indexOf(END, from)) {
      count++;
      from = at + END.length;
    }
    // What may be the beginning of an end tag; never a whole one, so that none is counted twice.
    this.#tail = text.slice(Math.max(from, text.length - END.length + 1));
    if (count > 0) this.#onMessages(count);
  }
}
