import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BareJid } from '@starling/jid';
import fc from 'fast-check';
import { TOKEN_BYTES_MAX } from './limits.ts';
import { partitionOf, streamOf } from './partition.ts';
import { republishedAs, streamSubjects, subjects } from './subjects.ts';
import { tokenOf } from './token.ts';

const jid = (text: string) => text as BareJid;
/** What NATS allows in one token, less '$', which begins its own subjects. */
const SAFE_TOKEN = /^[A-Za-z0-9@_=%-]+$/;

test('a token is readable where it can be', () => {
  assert.equal(tokenOf(jid('alice@example.com')), 'alice@example%2Ecom');
  assert.equal(tokenOf(jid('localhost')), 'localhost');
  assert.equal(tokenOf(jid('张三@例子.中国')), '%E5%BC%A0%E4%B8%89@%E4%BE%8B%E5%AD%90%2E%E4%B8%AD%E5%9B%BD');
});

test('hostile addresses give safe tokens', () => {
  const hostile = [
    'a.b@c',
    '*@c',
    '>@c',
    '$sys@c',
    'a b@c',
    '%2E@c',
    '=@c',
    '\u0000@c',
    'a\r\nPUB x 0@c',
    '𝒳@c',
    'é@c',
    "o'neil@c",
  ];
  const tokens = hostile.map((h) => tokenOf(jid(h)));
  for (const token of tokens) assert.match(token, SAFE_TOKEN);
  assert.equal(new Set(tokens).size, hostile.length);
});

test('a long address becomes a hash of bounded length', () => {
  const token = tokenOf(jid(`${'长'.repeat(300)}@example.com`));
  assert.match(token, /^=[A-Za-z0-9_-]{43}$/);
  assert.ok(token.length <= TOKEN_BYTES_MAX);
});

test('property: safe, bounded, and different for different addresses', () => {
  const address = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
    .filter((s) => Buffer.from(s).toString() === s);
  fc.assert(
    fc.property(address, address, (a, b) => {
      assert.match(tokenOf(jid(a)), SAFE_TOKEN);
      assert.ok(Buffer.byteLength(tokenOf(jid(a))) <= TOKEN_BYTES_MAX);
      assert.equal(tokenOf(jid(a)) === tokenOf(jid(b)), a === b);
    }),
  );
});

test('partitions are fixed for ever', () => {
  assert.deepEqual(
    ['alice@example.com', 'bob@example.com', '张三@例子.中国', 'localhost'].map((a) => partitionOf(jid(a))),
    [PINNED.alice, PINNED.bob, PINNED.zhang, PINNED.localhost],
  );
});
const PINNED = { alice: 41, bob: 250, zhang: 29, localhost: 35 }; // zlib.crc32 of another language says the same

test('every partition belongs to one stream', () => {
  for (const streams of [1, 3, 8, 16]) {
    const captured = Array.from({ length: streams }, (_, s) => streamSubjects(s, streams, 256)).flat();
    assert.equal(new Set(captured).size, 256);
    assert.equal(captured.length, 256);
    for (let p = 0; p < 256; p++) assert.ok(streamSubjects(streamOf(p, streams), streams, 256).includes(`m.${p}.>`));
  }
});

test('an entry is re-published on its user’s live subject', () => {
  const user = jid('alice@example.com');
  assert.equal(republishedAs(subjects.log(user)), subjects.user(user));
});
