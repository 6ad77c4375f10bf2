import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { canonical } from '../canonical.ts';
import type { Element } from '../element.ts';
import { parseElement } from '../parse.ts';
import { serialize } from '../serialize.ts';
import { XmlError } from '../xml-error.ts';
import { feed, type Sizes, WHOLE } from './feed.ts';
import { readWithSaxes, saxesTrims } from './saxes-tree.ts';

/** Bound to no namespace, so that a stanza means the same in it and alone. */
const HEAD = "<stream-of-tests:x xmlns:stream-of-tests='urn:tests'>";
const END = '</stream-of-tests:x>';

/**
 * Reads a document as a message, in a stream and with saxes. Fails when the readings differ in more than what XMPP restricts.
 * Returns what became of it.
 */
export function compareWithSaxes(document: Uint8Array, sizes: Sizes): 'accepted' | 'refused' | 'restricted' {
  const { element, condition } = tryParse(document);
  const reference = isUtf8(document)
    ? readWithSaxes(new TextDecoder('utf-8', { ignoreBOM: true }).decode(document))
    : undefined;

  const message = feed(document, WHOLE, { framing: 'message' });
  assert.equal(message.condition, condition, 'the message and parseElement');
  // What ends a message early is only the beginning of something in a stream, and a stream may carry several elements.
  const stream = feed(Buffer.concat([Buffer.from(HEAD), document, Buffer.from(END)]), sizes);
  if (element !== undefined && document[1] !== 0x3f) assert.equal(stream.condition, '', 'the stream');

  if (element === undefined) {
    if (reference?.root === undefined) return 'refused';
    // What saxes accepts and we do not has to be something that XMPP restricts.
    const isDeclaredOtherwise = reference.version !== '1.0' || reference.encoding.toLowerCase() !== 'utf-8';
    const isRestricted = reference.isRestricted || isDeclaredOtherwise || document[0] !== 0x3c;
    assert.ok(isRestricted || reference.isLenient, `saxes accepts it, we say ${condition}`);
    return 'restricted';
  }
  if (saxesTrims(element, Buffer.from(document).toString())) return 'accepted';
  assert.ok(reference?.root !== undefined, 'saxes refuses what we accept');
  assert.equal(canonical(element), canonical(reference.root));
  assert.equal(canonical(parseElement(serialize(element))), canonical(element), 'written and read again');
  return 'accepted';
}

function tryParse(document: Uint8Array): { element?: Element; condition: string } {
  try {
    return { element: parseElement(document), condition: '' };
  } catch (error) {
    if (error instanceof XmlError) return { condition: error.condition };
    throw error;
  }
}
