import { connect, type Socket } from 'node:net';

/** A plain TCP client on loopback that costs as little as it can: it knows XMPP only as far as the load needs it. */
export class LeanClient {
  readonly jid: string;
  readonly #socket: Socket;
  /** Message end tags seen. */
  #onMessages: (count: number) => void = () => undefined;
  #tail = '';

  private constructor(jid: string, socket: Socket) {
    this.jid = jid;
    this.#socket = socket;
  }

  /** Logs in with PLAIN (loopback needs no TLS), binds, sends presence. */
  static async login(port: number, domain: string, username: string, password: string): Promise<LeanClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const read = reader(socket);
    const head = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`;
    socket.write(head);
    await read('</stream:features>');
    socket.write(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${username}\0${password}`).toString('base64')}</auth>`,
    );
    await read('<success');
    socket.write(head);
    await read('</stream:features>');
    socket.write(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq><presence/>`,
    );
    await read('<presence');
    socket.removeAllListeners('data');
    const client = new LeanClient(`${username}@${domain}/load`, socket);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: unknown) => client.#count(String(chunk)));
    return client;
  }

  set onMessages(handler: (count: number) => void) {
    this.#onMessages = handler;
  }

  send(xml: string): void {
    this.#socket.write(xml);
  }

  close(): void {
    this.#socket.destroy();
  }

  #count(chunk: string): void {
    const end = '</message>';
    const text = this.#tail + chunk;
    let count = 0;
    let from = 0;
    for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, from)) {
      count++;
      from = at + end.length;
    }
    // What may be the beginning of an end tag; never a whole one, so that none is counted twice.
    this.#tail = text.slice(Math.max(from, text.length - end.length + 1));
    if (count > 0) this.#onMessages(count);
  }
}

const READ_TIMEOUT_MS = 15_000;

/** Waits until the text has come. */
function reader(socket: Socket): (text: string) => Promise<void> {
  let seen = '';
  let check = () => {};
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1');
    check();
  });
  return (text) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${text} within ${READ_TIMEOUT_MS} ms, but ${seen}`)),
        READ_TIMEOUT_MS,
      );
      socket.once('error', reject);
      check = () => {
        const at = seen.indexOf(text);
        if (at < 0) return;
        seen = seen.slice(at + text.length);
        clearTimeout(timer);
        socket.off('error', reject);
        check = () => {};
        resolve();
      };
      check();
    });
}
