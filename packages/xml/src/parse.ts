import type { Element } from './element.ts';
import type { ScanLimits } from './limits.ts';
import type { Scanned, ScannedChild } from './scanned.ts';
import { Scanner } from './scanner.ts';
import { serialize } from './serialize.ts';
import { TreeBuilder } from './tree.ts';

/** What is read here has been held in memory before; only what costs more than its length is bounded. */
const PARSE_LIMITS: ScanLimits = Object.freeze({
  stanzaBytes: Number.MAX_SAFE_INTEGER,
  headerBytes: Number.MAX_SAFE_INTEGER,
  depth: 1024,
  attributes: 1024,
  nameBytes: Number.MAX_SAFE_INTEGER,
  namespaceBytes: Number.MAX_SAFE_INTEGER,
  prefixes: 1024,
});

/**
 * The tree of one whole element, read as strictly as from a stream.
 * @param scope namespaces in force around it, '' = default
 * @throws XmlError
 */
export function parseElement(bytes: Uint8Array | string, scope: Readonly<Record<string, string>> = {}): Element {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : asBuffer(bytes);
  let start = 0;
  const scanner = new Scanner(
    'message',
    PARSE_LIMITS,
    { onStreamOpen() {}, onElement() {}, onStreamClose() {} },
    scope,
  );
  scanner.write(buffer);
  if (buffer[1] === 0x3f) start = buffer.indexOf('<', 1);
  return new TreeBuilder(buffer, start, scope).element();
}

/** The tree of one child of a stanza that a scanner has delivered, or of a range of bytes that one has accepted before. */
export function parseChild(scanned: Pick<Scanned, 'bytes' | 'scope'>, child: Pick<ScannedChild, 'start'>): Element {
  return new TreeBuilder(asBuffer(scanned.bytes), child.start, scanned.scope).element();
}

/** What children that are written anew may take together: six times the bytes of their stanza, as `'` may become `&apos;`, and this at least. */
const REWRITTEN_FACTOR = 6;
const REWRITTEN_CHARS_MIN = 16 * 1024;

/** A child of a stanza, as a range of `Inner.inner`. */
export interface InnerChild {
  readonly name: string;
  readonly ns: string;
  readonly start: number;
  readonly end: number;
}

/** What is between the tags of a stanza, and means the same in every element whose default namespace is the stanza's. */
export interface Inner {
  readonly inner: Uint8Array;
  readonly children: readonly InnerChild[];
}

/**
 * The content of a stanza, fit to stand in another start tag of the same namespace: a view of its bytes where all children
 * are self-contained, else with those that are not written anew.
 * @throws XmlError policy-violation when these would take many times what the stanza does
 */
export function innerChildren(scanned: Scanned): Inner {
  const { bytes, children, innerStart, innerEnd } = scanned;
  let rewrite = false;
  for (const child of children) if (!child.selfContained) rewrite = true;
  if (rewrite) return rewriteInner(scanned);
  const ranges: InnerChild[] = [];
  for (const { name, ns, start, end } of children) {
    ranges.push({ name, ns, start: start - innerStart, end: end - innerStart });
  }
  return { inner: bytes.subarray(innerStart, innerEnd), children: ranges };
}

function rewriteInner(scanned: Scanned): Inner {
  const { bytes, children, innerStart, innerEnd, ns } = scanned;
  const pieces: Uint8Array[] = [];
  const ranges: InnerChild[] = [];
  let length = 0;
  let from = innerStart;
  let charsLeft = Math.max(REWRITTEN_CHARS_MIN, REWRITTEN_FACTOR * bytes.length);
  for (const child of children) {
    const text = bytes.subarray(from, child.start);
    const piece = child.selfContained
      ? bytes.subarray(child.start, child.end)
      : Buffer.from(serialize(parseChild(scanned, child), ns, charsLeft));
    if (!child.selfContained) charsLeft -= piece.length;
    pieces.push(text, piece);
    const start = length + text.length;
    length = start + piece.length;
    ranges.push({ name: child.name, ns: child.ns, start, end: length });
    from = child.end;
  }
  pieces.push(bytes.subarray(from, innerEnd));
  return { inner: new Uint8Array(Buffer.concat(pieces)), children: ranges };
}

/** `innerChildren` without the ranges. */
export function innerBytes(scanned: Scanned): Uint8Array {
  return innerChildren(scanned).inner;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
