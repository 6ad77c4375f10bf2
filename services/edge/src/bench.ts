// CPU of an edge for one message, from the bytes of one client to the bytes for another: `node services/edge/dist/bench.js` after a
// build. The bus is that of this process, the log keeps nothing, and sockets are left out; `npm run bench` measures the whole.
import { subjects } from '@starling/contracts';
import { declared, type InProcessClient, logIn, nextTurn } from './testing/in-process-client.ts';
import { DOMAIN, type OneEdge, startOneEdge } from './testing/one-edge.ts';

const PAIRS = 100;
const WARM_UP = 10_000;
const MESSAGES = 40_000;
/** Messages of one read, and of one turn of the loop. */
const A_READ = 2;
const A_TURN = 400;
const BODY = 'Wherefore art thou Romeo? Deny thy father and refuse thy name.';

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
  const senders: InProcessClient[] = [];
  let received = 0;
  for (let i = 0; i < PAIRS; i++) {
    senders.push(await logIn(world, `romeo${i}`, framing));
    const juliet = await logIn(world, `juliet${i}`, framing);
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
