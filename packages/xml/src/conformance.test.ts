import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { describe, it } from 'node:test';
import { canonical } from './canonical.ts';
import type { Element } from './element.ts';
import { parseElement } from './parse.ts';
import { type ConformanceFile, readConformanceFiles } from './testing/conformance-files.ts';
import { BYTE_BY_BYTE, feed, type Sizes, WHOLE } from './testing/feed.ts';
import { readWithSaxes, saxesTrims } from './testing/saxes-tree.ts';
import { XmlError } from './xml-error.ts';

/**
 * The W3C's suite is about whole XML: most of its files have a DTD, which XMPP forbids. So each file is read twice:
 * as it is, as a message; and without what RFC 6120 §11.1 forbids (XML declaration, DTD, comments, processing instructions),
 * as a message and as the content of a stream. Of the second form saxes says what it means, since the suite knows the first only.
 */
const files = readConformanceFiles();

/** These are about versions and byte order marks; RFC 6120 §11.6 and §11.8 decide otherwise than XML. */
const OTHERWISE_IN_XMPP: Readonly<Record<string, string>> = {
  'x-rmt-008b': 'XML 1.7',
  'rmt-e2e-22': 'a byte order mark',
};

/** In a DTD: what may give an element attributes that are not in it. */
const ADDS_TO_CONTENT = /<!ATTLIST|<!NOTATION|SYSTEM|PUBLIC|%/;

const FORBIDDEN = /(<!\[CDATA\[[\s\S]*?\]\]>)|<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g;

/** The file without what XMPP forbids, or why there is no such thing. */
function withoutForbidden(file: ConformanceFile): { text: string } | { excluded: string } {
  if (!isUtf8(file.bytes)) return { excluded: 'not in UTF-8' };
  const whole = file.bytes.toString();
  const { doctype } = readWithSaxes(whole);
  if (doctype === undefined && /<!DOCTYPE/.test(whole)) return { excluded: 'a DTD whose end nobody can tell' };
  const text = whole
    .replace(doctypePattern(doctype ?? ''), '')
    .replace(FORBIDDEN, '$1')
    .replace(/^\ufeff?[ \t\r\n]*/, '');
  if (text.trim() === '') return { excluded: 'no element' };
  if (/&(?!amp;|lt;|gt;|quot;|apos;|#)[A-Za-z_:][\w.:-]*;/.test(text))
    return { excluded: 'entities that its DTD declares' };
  return { text };
}

/** saxes has made the line ends in it one. */
function doctypePattern(doctype: string): RegExp {
  const literal = doctype.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('\n', '(?:\\r\\n?|\\n)');
  return new RegExp(`<!DOCTYPE${literal}>`);
}

function read(text: Buffer | string): Element | string {
  try {
    return parseElement(text);
  } catch (error) {
    if (error instanceof XmlError) return error.condition;
    throw error;
  }
}

const HEAD = "<suite:stream xmlns:suite='urn:suite'>";
const END = '</suite:stream>';
const inStream = (text: string, sizes: Sizes) => feed(HEAD + text + END, sizes);

/** Counts of what ran and what did not, by reason. */
class Counts {
  private readonly counts = new Map<string, number>();
  add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }
  lines(): string[] {
    return [...this.counts].sort().map(([what, n]) => `${String(n).padStart(5)}  ${what}`);
  }
}

describe('the XML conformance suite', () => {
  it('has its files', () => {
    assert.equal(files.length, 2585);
  });

  it('as it is: what is not well-formed is refused; what is, and has nothing that XMPP forbids, means the same', (t) => {
    const counts = new Counts();
    for (const file of files) {
      if (file.isXml11) {
        counts.add('excluded: XML 1.1 (RFC 6120 §11.8)');
        continue;
      }
      const result = read(file.bytes);
      if (file.type === 'not-wf') {
        // Editions before the fifth had fewer characters in names: all of these have a DTD too, and are looked at below.
        assert.equal(typeof result, 'string', `${file.id} is not well-formed`);
        counts.add(`not well-formed, refused: ${result}`);
        continue;
      }
      if (!isUtf8(file.bytes)) {
        assert.equal(result, 'unsupported-encoding', file.id);
        counts.add('well-formed, not in UTF-8, refused: unsupported-encoding');
        continue;
      }
      const reference = readWithSaxes(file.bytes.toString());
      if (typeof result !== 'string') {
        assert.ok(reference.root, file.id);
        assert.ok(!reference.isRestricted, file.id);
        assert.equal(canonical(result), canonical(reference.root), file.id);
        counts.add('well-formed, read, the same tree as saxes');
      } else if (reference.isRestricted || !file.usesNamespaces) {
        counts.add(`well-formed, but not what XMPP allows, refused: ${result}`);
      } else {
        const reason = /^[ \t\r\n]/.test(file.bytes.toString()) ? 'white space first' : OTHERWISE_IN_XMPP[file.id];
        if (file.type !== 'error') assert.ok(reason, `${file.id} is refused: ${result}`);
        counts.add(`well-formed, ${reason ?? 'or not, as one likes'}, refused: ${result}`);
      }
    }
    for (const line of counts.lines()) t.diagnostic(line);
    assert.ok(counts.of('not well-formed, refused: not-well-formed') > 150);
    assert.ok(counts.of('well-formed, read, the same tree as saxes') >= 30);
  });

  it('without what XMPP forbids: refused where saxes refuses, else the same tree, also in a stream and as the suite says', (t) => {
    const counts = new Counts();
    for (const file of files) {
      const form = withoutForbidden(file);
      if (file.isXml11 || 'excluded' in form) {
        counts.add(`excluded: ${'excluded' in form ? form.excluded : 'XML 1.1 (RFC 6120 §11.8)'}`);
        continue;
      }
      const { text } = form;
      const reference = readWithSaxes(text);
      const result = read(text);
      const whole = inStream(text, WHOLE);
      for (const sizes of [BYTE_BY_BYTE, [7, 1, 64]]) assert.deepEqual(inStream(text, sizes), whole, file.id);

      if (typeof result === 'string') {
        assert.ok(reference.root === undefined || reference.isLenient, `${file.id}: saxes accepts, we say ${result}`);
        const elements = whole.events.filter((e) => e.startsWith('element'));
        // A stream may have several elements, and none.
        assert.ok(whole.condition !== '' || elements.length !== 1, `${file.id} in a stream`);
        if (file.type === 'valid') assert.ok(!file.usesNamespaces, `${file.id} is valid`);
        counts.add(`${file.type}, refused: ${result}`);
        continue;
      }
      if (saxesTrims(result, text)) {
        counts.add(`${file.type}, read, of which saxes makes another thing`);
        continue;
      }
      assert.ok(reference.root, `${file.id}: saxes refuses`);
      assert.equal(canonical(result), canonical(reference.root), file.id);
      assert.equal(whole.condition, '', `${file.id} in a stream`);
      counts.add(
        `${file.type}${file.type === 'not-wf' ? ' only in what was taken out, or before the fifth edition' : ''}, read, the same tree as saxes`,
      );
      if (file.output === undefined || ADDS_TO_CONTENT.test(file.bytes.toString())) continue;
      const expected = readWithSaxes(file.output);
      if (expected.root === undefined) continue;
      assert.equal(canonical(result), canonical(expected.root), `${file.id}, the suite's own canonical form`);
      counts.add(`${file.type}, also equal to the suite's canonical form`);
    }
    for (const line of counts.lines()) t.diagnostic(line);
  });
});
