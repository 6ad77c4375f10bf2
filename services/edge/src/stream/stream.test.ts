// How a stream reads: in whatever pieces the bytes come, and whatever it has to wait for.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StreamError } from '@starling/stanza';
import fc from 'fast-check';
import { FakeChannel, nextTurn } from '../testing/fake-channel.ts';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from '../testing/one-edge.ts';
import { Stream } from './stream.ts';

const STREAMS = 'http://etherx.jabber.org/streams';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const HEAD = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${DOMAIN}' version='1.0'>`;
const OPEN = `<open xmlns='${FRAMING}' to='${DOMAIN}' version='1.0'/>`;
const PINGS = 8;
const WAIT_MS = 10_000;

let world: OneEdge;
let users = 0;

before(async () => {
  world = await startOneEdge({
    env: { STARLING_INBOUND_QUEUE_MAX: '2', STARLING_INBOUND_BACKLOG_BYTES_MAX: '64KiB' },
  });
});
after(() => world.stop());

const newUser = () => {
  const name = `user${users++}`;
  world.addAccount(name);
  return name;
};

const auth = (name: string) =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${name}\0${PASSWORD}`).toString('base64')}</auth>`;
const bind = (declare: string) =>
  `<iq${declare} type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`;
const ping = (declare: string, id: string) => `<iq${declare} type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`;
const note = (declare: string, to: string, id: string) =>
  `<message${declare} to='${to}@${DOMAIN}/r' type='chat' id='${id}'><body>${'☀'.repeat(40)}</body></message>`;

/** From the first byte to the end tag without waiting for anything: login, bind, then pings and messages to oneself in turns. */
function dialogue(name: string, framing: 'stream' | 'message'): readonly string[] {
  const declare = framing === 'message' ? " xmlns='jabber:client'" : '';
  const [open, close] = framing === 'message' ? [OPEN, `<close xmlns='${FRAMING}'/>`] : [HEAD, '</stream:stream>'];
  const stanzas = Array.from({ length: PINGS }, (_, i) => [note(declare, name, `m${i}`), ping(declare, `p${i}`)]);
  return [open, auth(name), open, bind(declare), ...stanzas.flat(), close];
}

async function closed(channel: FakeChannel): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!channel.gone && Date.now() < deadline) await nextTurn();
  assert.ok(channel.gone, `still open after ${channel.text}`);
  await nextTurn();
}

/** The answers, in order, with the end; each message has come back too, as its ping was answered behind it. */
function checkDialogue(channel: FakeChannel): void {
  const answers = [...channel.text.matchAll(/<iq[^>]*? id="(\w+)"[^>]* type="result"/g)].map((m) => m[1]);
  assert.deepEqual(answers, ['bind', ...Array.from({ length: PINGS }, (_, i) => `p${i}`)]);
  const end = channel.framing === 'stream' ? '</stream:stream>' : `<close xmlns='${FRAMING}'/>`;
  assert.deepEqual(channel.sent.slice(-2), [end, '[closed 1000]']);
  assert.equal(channel.text.includes('<stream:error'), false, channel.text);
}

async function lastPosition(name: string): Promise<number> {
  const counts = await Promise.all(
    [0, 1].map(async (stream) => {
      const entries = await (await world.log.read(stream, 1)).next(100_000, 1);
      return entries.filter((e) => Buffer.from(e.data).includes(`${name}@${DOMAIN}/r`)).length;
    }),
  );
  return counts.reduce((a, b) => a + b, 0);
}

describe('pipelined bytes', () => {
  it('everything in one write', async () => {
    const name = newUser();
    const channel = new FakeChannel('stream');
    new Stream(channel, world.edge);
    await channel.write(dialogue(name, 'stream').join(''));
    await closed(channel);
    checkDialogue(channel);
    assert.equal(await lastPosition(name), PINGS, 'what was sent before the end tag is stored');
  });

  it('byte by byte', async () => {
    const name = newUser();
    const channel = new FakeChannel('stream');
    new Stream(channel, world.edge);
    for (const byte of Buffer.from(dialogue(name, 'stream').join(''))) await channel.write(Buffer.of(byte));
    await closed(channel);
    checkDialogue(channel);
  });

  it('over a WebSocket, whether it can be paused or not', async () => {
    for (const canPause of [true, false]) {
      const name = newUser();
      const channel = new FakeChannel('message', { canPause });
      new Stream(channel, world.edge);
      for (const frame of dialogue(name, 'message')) await channel.write(frame);
      await closed(channel);
      checkDialogue(channel);
      assert.equal(await lastPosition(name), PINGS);
    }
  });

  it('property: cut anywhere, with pauses anywhere', async () => {
    const bytes = (name: string) => Buffer.from(dialogue(name, 'stream').join(''));
    const cut = fc.record({ at: fc.nat(), turns: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 20 }), fc.boolean(), async (cuts, canPause) => {
        const name = newUser();
        const all = bytes(name);
        const channel = new FakeChannel('stream', { canPause });
        new Stream(channel, world.edge);
        const sorted = cuts.map(({ at, turns }) => ({ at: at % all.length, turns })).sort((a, b) => a.at - b.at);
        let from = 0;
        for (const { at, turns } of [...sorted, { at: all.length, turns: 0 }]) {
          await channel.write(all.subarray(from, at));
          for (let i = 0; i < turns; i++) await nextTurn();
          from = at;
        }
        await closed(channel);
        checkDialogue(channel);
      }),
      { numRuns: 40 },
    );
  });
});

describe('stalls', () => {
  async function bound(framing: 'stream' | 'message', canPause: boolean): Promise<[FakeChannel, Stream]> {
    const name = newUser();
    const channel = new FakeChannel(framing, { canPause });
    const stream = new Stream(channel, world.edge);
    const pieces = dialogue(name, framing).slice(0, 4);
    for (const piece of pieces) await channel.write(piece);
    while (!channel.text.includes('</bind></iq>')) await nextTurn();
    channel.sent.length = 0;
    return [channel, stream];
  }

  it('while it is stalled nothing is read; then all, in order', async () => {
    for (const canPause of [true, false]) {
      const [channel, stream] = await bound('stream', canPause);
      stream.stall();
      stream.stall();
      assert.equal(channel.paused, canPause);
      // What the transport had read already still comes.
      for (const id of ['a', 'b', 'c']) channel.onData(Buffer.from(ping('', id)));
      stream.unstall();
      assert.equal(channel.text, '');
      stream.unstall();
      assert.equal(channel.paused, false);
      assert.deepEqual(
        [...channel.text.matchAll(/id="(\w)"/g)].map((m) => m[1]),
        ['a', 'b', 'c'],
      );
      await channel.drop();
    }
  });

  it('a stall that begins and ends within a read leaves nothing behind', async () => {
    const [channel, stream] = await bound('stream', true);
    channel.onSend = () => {
      stream.stall();
      stream.unstall();
    };
    await channel.write(['a', 'b', 'c'].map((id) => ping('', id)).join(''));
    assert.deepEqual(
      [...channel.text.matchAll(/id="(\w)"/g)].map((m) => m[1]),
      ['a', 'b', 'c'],
    );
    assert.equal(channel.paused, false);
    await channel.drop();
  });

  it('a stall that begins within a read keeps the rest in front of what comes later', async () => {
    const [channel, stream] = await bound('stream', false);
    channel.onSend = () => stream.stall();
    await channel.write(['a', 'b'].map((id) => ping('', id)).join(''));
    channel.onSend = () => undefined;
    await channel.write(ping('', 'c'));
    stream.unstall();
    assert.deepEqual(
      [...channel.text.matchAll(/id="(\w)"/g)].map((m) => m[1]),
      ['a', 'b', 'c'],
    );
    await channel.drop();
  });

  it('what cannot be paused and does not stop is cut off without an end tag', async () => {
    const [channel, stream] = await bound('message', false);
    stream.stall();
    const frame = `<message xmlns='jabber:client'><body>${'x'.repeat(10_000)}</body></message>`;
    for (let i = 0; i < 10; i++) await channel.write(frame);
    assert.deepEqual(channel.sent, ['[destroyed]']);
    await nextTurn();
    stream.unstall();
    assert.deepEqual(channel.sent, ['[destroyed]']);
    assert.equal(await world.metric('starling_edge_limits_reached_total', 'inbound_backlog'), 1);
  });

  it('a stream that has failed reads no more, also from what it kept', async () => {
    const [channel, stream] = await bound('stream', false);
    stream.stall();
    await channel.write(ping('', 'late'));
    stream.fail(new StreamError('reset'));
    stream.unstall();
    await closed(channel);
    assert.equal(channel.text.includes('late'), false);
    assert.equal(channel.sent.filter((s) => s.startsWith('[closed')).length, 1);
    stream.fail(new StreamError('conflict'));
    stream.end();
    assert.equal(channel.text.includes('conflict'), false, 'a stream ends once');
  });

  it('a bug of ours ends the stream that met it, and no other', async () => {
    const [channel, stream] = await bound('stream', true);
    const [bystander] = await bound('stream', true);
    channel.onSend = () => {
      channel.onSend = () => undefined;
      throw new Error('a bug');
    };
    // Written from within the reader: nobody below it expects a throw.
    await channel.write("<message type='error'/><nonsense/>");
    await closed(channel);
    assert.match(channel.text, /<internal-server-error/);
    await bystander.write(ping('', 'alive'));
    assert.match(bystander.text, /id="alive"/);
    assert.ok(stream.closed);
    await bystander.drop();
  });
});
