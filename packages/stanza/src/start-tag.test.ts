import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StartTag } from './start-tag.ts';

const NOTHING = new Uint8Array(0);
const END = Buffer.from('</message>');

function written(value: string, tag = new StartTag()): string {
  tag.begin('<message');
  tag.attribute(' id="', value);
  tag.text('>');
  return Buffer.from(tag.followedBy(Buffer.from('…'), END)).toString();
}

describe('StartTag', () => {
  it('writes what stands between quotes as it is', () => {
    assert.equal(written('a-Z 0@9./~'), '<message id="a-Z 0@9./~">…</message>');
    assert.equal(written(''), '<message id="">…</message>');
  });

  it('escapes what does not, wherever it stands in the value', () => {
    assert.equal(written('a"b'), '<message id="a&quot;b">…</message>');
    assert.equal(written(`<&>'`), '<message id="&lt;&amp;&gt;&apos;">…</message>');
    assert.equal(written('a\tb\n'), '<message id="a&#9;b&#10;">…</message>');
  });

  it('writes more than ASCII as UTF-8, and what XML cannot as U+FFFD', () => {
    assert.equal(written('zürich 😀'), '<message id="zürich 😀">…</message>');
    assert.equal(written('a\u0001'), '<message id="a\ufffd">…</message>');
    assert.equal(written('a\ud800'), '<message id="a\ufffd">…</message>');
  });

  it('grows for a long value, plain or not, and begins anew behind it', () => {
    const tag = new StartTag();
    for (const character of ['x', 'ü', '&']) {
      const text = character.replace('&', '&amp;').repeat(5_000);
      assert.equal(written(character.repeat(5_000), tag), `<message id="${text}">…</message>`);
      assert.equal(written('short', tag), '<message id="short">…</message>');
    }
  });

  it('gives what the next tag does not write over', () => {
    const tag = new StartTag();
    tag.begin('<iq');
    tag.text('/>');
    const first = tag.followedBy(NOTHING, NOTHING);
    written('other', tag);
    assert.equal(Buffer.from(first).toString(), '<iq/>');
  });
});
