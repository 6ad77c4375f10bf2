import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { StaticFile, type StaticFileOptions } from './static-file.ts';

const TEXT = 'the same again and again; '.repeat(1_000);
const POLL_MS = 2;
const TIMEOUT_MS = 5_000;

const file = (more: Partial<StaticFileOptions> = {}) =>
  new StaticFile({
    type: 'text/css; charset=utf-8',
    compressible: true,
    headers: { 'cache-control': 'no-cache' },
    read: () => Buffer.from(TEXT),
    ...more,
  });

/** The first answer in this encoding. */
async function encoded(from: StaticFile, encoding: string) {
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await delay(POLL_MS)) {
    const reply = from.answer({ 'accept-encoding': encoding });
    if (reply.headers['content-encoding'] === encoding) return reply;
  }
  return assert.fail(`never in ${encoding}`);
}

test('it is read when it is first asked for, once', () => {
  let reads = 0;
  const one = file({ read: () => Buffer.from(`${++reads}`) });
  assert.equal(reads, 0);
  assert.equal(String(one.answer({}).body), '1');
  assert.equal(String(one.answer({}).body), '1');
});

test('plain for who accepts nothing, and until it is compressed; then the best that is accepted', async () => {
  const one = file();
  const first = one.answer({ 'accept-encoding': 'br, gzip' });
  assert.equal(String(first.body), TEXT);
  assert.equal(first.headers['content-encoding'], undefined);
  assert.equal(first.headers.vary, 'accept-encoding');

  const br = await encoded(one, 'br');
  assert.equal(String(brotliDecompressSync(br.body as Uint8Array)), TEXT);
  const gzip = await encoded(one, 'gzip');
  assert.equal(String(gunzipSync(gzip.body as Uint8Array)), TEXT);
  assert.equal(one.answer({ 'accept-encoding': 'gzip, br' }).headers['content-encoding'], 'br');
  assert.equal(String(one.answer({}).body), TEXT);
  const tags = new Set([first, br, gzip].map((reply) => reply.headers.etag));
  assert.equal(tags.size, 3, 'RFC 9110 §8.8.3: each representation has a tag of its own');
});

test('304 for whoever has it, in whatever encoding', async () => {
  const one = file();
  const br = await encoded(one, 'br');
  const { etag = '' } = br.headers;
  for (const headers of [{ 'if-none-match': etag, 'accept-encoding': 'gzip' }, { 'if-none-match': `"x", W/${etag}` }]) {
    const reply = one.answer(headers);
    assert.equal(reply.status, 304);
    assert.equal(reply.body, '');
    assert.equal(reply.headers.etag, etag);
    assert.equal(reply.headers['cache-control'], 'no-cache');
    assert.equal(reply.headers['content-type'], undefined);
  }
  assert.equal(one.answer({ 'if-none-match': '"x"' }).status, 200);
});

test('what is compressed already stays as it is', () => {
  const one = file({ compressible: false, type: 'image/png' });
  assert.equal(one.answer({ 'accept-encoding': 'br' }).headers['content-encoding'], undefined);
  assert.equal(one.answer({}).headers.vary, undefined);
});

test('one that cannot be read says so each time', () => {
  const one = file({ read: () => assert.fail('gone') });
  assert.throws(() => one.answer({}), /gone/);
  assert.throws(() => one.answer({}), /gone/);
});
