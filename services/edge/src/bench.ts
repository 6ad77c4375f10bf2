// CPU of an edge for one message, from the bytes of one client to the bytes for another: `node services/edge/dist/bench.js` after a
// build. The bus is that of this process, the log keeps nothing, and sockets are left out; `npm run bench` measures the whole.
import { subjects } from '@starling/contracts';
import type { ByteChannel } from './listen/byte-channel.ts';
import { NO_BINDINGS } from './listen/channel-bindings.ts';
import { Stream } from './stream/stream.ts';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from './testing/one-edge.ts';

const PAIRS = 100;
const WARM_UP = 10_000;
const MESSAGES = 40_000;
/** Messages of one read, and of one turn of the loop. */
const A_READ = 2;
const A_TURN = 400;
const BODY = 'Wherefore art thou Romeo? Deny thy father and refuse thy name.';

/** A client that counts what it is sent. */
class Client implements ByteChannel {
  readonly framing: 'stream' | 'message';
  readonly secure = false;
  readonly canUpgrade = false;
  readonly bindings = NO_BINDINGS;
  readonly peerAddress = '127.0.0.1';
  readonly loopback = true;
  readonly bufferedBytes = 0;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;
  onSend: (bytes: Uint8Array) => void = () => undefined;

  constructor(framing: 'stream' | 'message') {
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

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const declared = (framing: string) => (framing === 'message' ? " xmlns='jabber:client'" : '');

async function login(world: OneEdge, name: string, framing: 'stream' | 'message'): Promise<Client> {
  world.addAccount(name);
  const client = new Client(framing);
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

/** A log that only re-publishes: what a real one costs is measured by packages/bus. */
function forgetful({ log, bus }: OneEdge): void {
  let sequence = 0;
  const last = new Map<string, number>();
  log.append = (user, _id, data) => {
    const previous = last.get(user) ?? 0;
    last.set(user, ++sequence);
    bus.republish(subjects.user(user), data, { stream: 0, sequence, previous });
    return Promise.resolve({ stream: 0, sequence, duplicate: false });
  };
}

async function measure(title: string, framing: 'stream' | 'message', inner: (i: number) => string): Promise<void> {
  const world = await startOneEdge();
  forgetful(world);
  const senders: Client[] = [];
  let received = 0;
  for (let i = 0; i < PAIRS; i++) {
    senders.push(await login(world, `romeo${i}`, framing));
    const juliet = await login(world, `juliet${i}`, framing);
    juliet.onSend = () => {
      received++;
    };
  }
  let sent = 0;
  const run = async (count: number) => {
    const until = sent + count;
    while (sent < until) {
      for (let read = 0; read < A_TURN && sent < until; read += A_READ) {
        const pair = (sent / A_READ) % PAIRS;
        const stanza = () =>
          `<message${declared(framing)} to='juliet${pair}@${DOMAIN}' type='chat' id='m${sent++}'><body>${BODY}</body>${inner(sent)}</message>`;
        const client = senders[pair];
        if (framing === 'stream') client?.onData(Buffer.from(stanza() + stanza()));
        else for (let i = 0; i < A_READ; i++) client?.onData(Buffer.from(stanza()));
      }
      while (received < sent) await nextTurn();
    }
  };
  await run(WARM_UP);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await run(MESSAGES);
  const { user, system } = process.cpuUsage(before);
  const perSecond = Math.round((MESSAGES * 1000) / (performance.now() - startedMs));
  const micros = ((user + system) / MESSAGES).toFixed(2);
  console.log(`${title.padEnd(40)}${micros.padStart(8)} µs CPU${String(perSecond).padStart(9)} /s`);
  await world.stop();
}

const only = process.argv[2] ?? '';
for (const framing of ['stream', 'message'] as const) {
  const transport = framing === 'stream' ? 'TCP' : 'WebSocket';
  for (const [kind, inner] of [
    ['no-store', () => "<no-store xmlns='urn:xmpp:hints'/>"],
    ['durable', () => ''],
    ['durable with an origin-id', (i: number) => `<origin-id xmlns='urn:xmpp:sid:0' id='o${i}'/>`],
  ] as const) {
    const title = `${transport}, ${kind}`;
    if (title.includes(only)) await measure(title, framing, inner);
  }
}
