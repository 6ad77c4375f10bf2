import {
  BYTE_CLASS,
  CDATA as CDATA_BYTE,
  isCharacter,
  isNameCharacter,
  isNameStartCharacter,
  NAME,
  NAME_START,
  SPACE,
  TEXT as TEXT_BYTE,
  VALUE as VALUE_BYTE,
} from './chars.ts';
import type { ScanLimits } from './limits.ts';
import { copyOwned } from './owned-bytes.ts';
import type { Scanned, StreamHead } from './scanned.ts';
import { hashStep } from './strings.ts';
import { giveBack, type Structure, takeStructure, VALUE_ASCII, VALUE_ENCODED, VALUE_UTF8 } from './structure.ts';
import { type XmlCondition, XmlError } from './xml-error.ts';

/** What a scanner tells, in the order of the stream. A throw from a handler is thrown by `write`, and the scanner is dead. */
export interface ScanHandler {
  onStreamOpen(head: StreamHead): void;
  onElement(element: Scanned): void;
  onStreamClose(): void;
}

// Where the scanner stands between two bytes.
const START = 0; // nothing has been read: only here an XML declaration may begin
const PROLOG = 1; // before the first element
const BETWEEN = 2; // in the stream, in no stanza
const TEXT = 3;
const TAG_OPEN = 4; // '<'
const TAG_NAME = 5;
const TAG_NAME_START = 6; // '<a:'
const IN_TAG = 7; // white space, after which an attribute may follow
const ATTRIBUTE_NAME = 8;
const ATTRIBUTE_NAME_START = 9;
const BEFORE_EQUALS = 10;
const BEFORE_VALUE = 11;
const VALUE = 12;
const AFTER_VALUE = 13;
const EMPTY_TAG = 14; // '<a/'
const CLOSE_NAME = 15; // '</'
const CLOSE_END = 16; // '</a'
const BANG = 17; // '<!'
const CDATA_OPEN = 18; // '<!['
const CDATA = 19;
const REFERENCE = 20; // '&'
const ENTITY = 21;
const NUMBER = 22; // '&#'
const DECIMAL = 23;
const HEXADECIMAL = 24;
const QUESTION = 25; // '<?' as the very first bytes: an XML declaration
const DECLARATION = 26;
const EPILOG = 27; // after the last element
const CHARACTER = 28; // within a character of more than one byte
const FIRST_TAG_OPEN = 29; // '<' as the very first byte

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const AMP = 0x26;
const QUOT = 0x22;
const APOS = 0x27;
const BRACKET = 0x5d;

const NO_SCOPE: Readonly<Record<string, string>> = Object.freeze({});

/** Bytes of a chunk that are joined with an incomplete element at a time, so that one does not copy chunks for nothing. */
const JOIN_BYTES = 4096;

const CDATA_KEYWORD = Buffer.from('[CDATA[');
const DECLARATION_FORM =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(['"])([A-Za-z0-9_.:-]+)\1(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(['"])([A-Za-z][A-Za-z0-9._-]*)\3)?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(['"])(?:yes|no)\5)?[ \t\r\n]*\?>$/;

/**
 * Reads an XML stream (RFC 6120 §11) or the messages of a framed one (RFC 7395 §3.3) from bytes, in pieces of any size, and
 * refuses what is not allowed in it. Work and memory are linear in the input and bounded by the limits.
 * After an XmlError the scanner is dead: every further write throws the same error.
 */
export class Scanner {
  private readonly framed: boolean;
  private readonly limits: ScanLimits;
  private readonly handler: ScanHandler;
  private readonly scope: Readonly<Record<string, string>>;
  /** Of the stream that is open, or `scope`. */
  private outerScope: Readonly<Record<string, string>>;
  /** Only during a write, and from one to the next within an element: an idle stream has none. */
  private structure: Structure | undefined;

  private failure: unknown;
  private halted = false;

  // An element that is not complete: its bytes so far, kept from one write to the next.
  private joined: Buffer | undefined;
  private joinedLength = 0;

  private state = START;
  /** Where the element, stream header or XML declaration that is being read begins in the bytes that are scanned; negative: none is. */
  private start = -1;
  private streamIsOpen = false;
  private rootName: Buffer | undefined;
  private complete: Scanned | undefined;

  // All positions below count from `start`.
  private tagStart = 0;
  private nameStart = 0;
  private nameColon = -1;
  private nameEnd = 0;
  private nameHash = 0;
  private prefixHash = 0;
  private quote = 0;
  private valueStart = 0;
  private valueForm = VALUE_ASCII;
  private matched = 0;
  private tokenStart = 0;
  private number = 0;
  private referenceIn = TEXT;

  private characterIn = TEXT;
  private characterStart = 0;
  private continuationBytes = 0;
  private continuationMin = 0x80;
  private continuationMax = 0xbf;

  /**
   * @param framing 'stream': TCP, one document without end. 'message': each write is one whole element.
   * @param scope namespaces that are in force around the element, with framing 'message'
   */
  constructor(
    framing: 'stream' | 'message',
    limits: ScanLimits,
    handler: ScanHandler,
    scope: Readonly<Record<string, string>> = NO_SCOPE,
  ) {
    this.framed = framing === 'message';
    this.limits = limits;
    this.handler = handler;
    this.scope = scope;
    this.outerScope = scope;
  }

  /**
   * Reads `chunk` from `offset` on and returns how far: to its end, or less when a handler called `pause`.
   * The chunk is not kept. Not to be called from a handler.
   * @throws XmlError
   */
  write(chunk: Uint8Array, offset = 0): number {
    if (this.failure !== undefined) throw this.failure;
    this.halted = false;
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.structure ??= takeStructure(this.limits, this.outerScope);
    try {
      const end = this.framed ? this.readMessage(bytes, offset) : this.readStream(bytes, offset);
      if (this.start < 0) this.leaveStructure(this.structure);
      return end;
    } catch (error) {
      // Whatever was thrown, nobody knows where in the stream it left us.
      this.failure = error;
      this.joined = undefined;
      this.structure = undefined;
      throw error;
    }
  }

  private leaveStructure(structure: Structure): void {
    this.outerScope = structure.outerScope;
    this.structure = undefined;
    giveBack(structure);
  }

  /** From within a handler: `write` returns after this event. */
  pause(): void {
    this.halted = true;
  }

  /** The next byte begins a new stream (RFC 6120 §5.4.3.3, §6.4.6). From within a handler, or after a pause. */
  restart(): void {
    this.state = START;
    this.start = -1;
    this.streamIsOpen = false;
    this.joined = undefined;
    this.joinedLength = 0;
    this.outerScope = this.scope;
    this.structure?.reset(this.limits, this.scope);
  }

  private readStream(bytes: Buffer, offset: number): number {
    const end = bytes.length;
    let i = offset;
    while (i < end && !this.halted) {
      if (this.joined === undefined) {
        i = this.scan(bytes, i, end, false);
        if (this.start >= 0) this.join(bytes, this.start, i);
      } else {
        const before = this.joinedLength;
        const piece = Math.min(i + JOIN_BYTES, end);
        this.join(bytes, i, piece);
        const joined = this.joined;
        const reached = this.scan(joined, before, this.joinedLength, true);
        i += reached - before;
        if (this.start < 0) {
          this.joined = undefined;
          this.joinedLength = 0;
        }
      }
    }
    return i;
  }

  /** Appends to the element that is not complete. */
  private join(bytes: Buffer, from: number, to: number): void {
    const length = this.joinedLength + to - from;
    const old = this.joined;
    if (old === undefined) {
      this.joined = Buffer.allocUnsafeSlow(Math.max(256, length));
    } else if (length > old.length) {
      this.joined = Buffer.allocUnsafeSlow(Math.max(2 * old.length, length));
      old.copy(this.joined, 0, 0, this.joinedLength);
    }
    bytes.copy(this.joined as Buffer, this.joinedLength, from, to);
    this.joinedLength = length;
    this.start = 0;
  }

  private readMessage(bytes: Buffer, offset: number): number {
    // RFC 7395 §3.3.3: "The first character of each frame MUST be a '<' character."
    const first = bytes[offset];
    if (first === undefined || ((BYTE_CLASS[first] as number) & SPACE) !== 0) {
      this.fail('not-well-formed', "a message has to begin with '<'");
    }
    this.state = START;
    this.start = -1;
    this.complete = undefined;
    this.scan(bytes, offset, bytes.length, false);
    if (this.state !== EPILOG) this.fail('not-well-formed', 'the message ends within the element');
    const element = this.complete as Scanned | undefined;
    this.complete = undefined;
    if (element !== undefined) this.handler.onElement(element);
    return bytes.length;
  }

  private fail(condition: XmlCondition, message: string): never {
    throw new XmlError(condition, message);
  }

  /**
   * The machine. Reads bytes `from`..`end`, of which none has been read before; with `once` it returns after an event.
   * Every case moves on by a byte or to another state; they stand in the order of how often they are met.
   */
  private scan(bytes: Buffer, from: number, end: number, once: boolean): number {
    const structure = this.structure as Structure;
    // A local is read faster than an import: 10 % of the whole.
    const classes = BYTE_CLASS;
    const textByte = TEXT_BYTE;
    const valueByte = VALUE_BYTE;
    const cdataByte = CDATA_BYTE;
    const startByte = NAME_START;
    const nameByte = NAME;
    const space = SPACE;
    let state = this.state;
    let i = from;
    let start = this.start;
    let stop = start < 0 ? end : Math.min(end, start + this.itemBytesMax());
    while (i < stop) {
      switch (state) {
        case TEXT: {
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & textByte) !== 0) i++;
            else if (c >= 0x80) {
              const next = skipCharacter(bytes, i, stop);
              if (next === i) break;
              i = next;
            } else break;
          }
          if (i === stop) break;
          if (c === LT) {
            this.tagStart = i - start;
            state = TAG_OPEN;
          } else if (c === AMP) {
            this.referenceIn = TEXT;
            state = REFERENCE;
          } else if (c === GT) {
            // XML 1.0 §2.4; what stands before the two brackets can only be text.
            if (bytes[i - 1] === BRACKET && bytes[i - 2] === BRACKET) this.fail('not-well-formed', "']]>' in text");
          } else if (c >= 0x80) {
            this.beginCharacter(c, TEXT, i - start);
            state = CHARACTER;
          } else this.illegal();
          i++;
          break;
        }

        case TAG_OPEN: {
          const c = bytes[i] as number;
          if (((classes[c] as number) & startByte) !== 0) {
            this.nameStart = i - start;
            this.nameColon = -1;
            this.nameHash = 0;
            state = TAG_NAME;
          } else if (c === SLASH) {
            if (structure.depth === 0 && !this.streamIsOpen)
              this.fail('not-well-formed', 'an end tag without a start tag');
            this.matched = 0;
            state = CLOSE_NAME;
            i++;
          } else if (c >= 0x80) {
            this.nameStart = i - start;
            this.nameColon = -1;
            this.nameHash = 0;
            this.beginCharacter(c, TAG_NAME_START, i - start);
            state = CHARACTER;
            i++;
          } else if (c === 0x21) {
            state = BANG;
            i++;
          } else if (c === 0x3f) this.fail('restricted-xml', 'a processing instruction');
          else this.fail('not-well-formed', "'<' without a name");
          break;
        }

        case TAG_NAME: {
          let hash = this.nameHash;
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & nameByte) === 0) break;
            hash = hashStep(hash, c);
            i++;
          }
          this.nameHash = hash;
          if (i === stop) break;
          if (c === COLON) {
            if (this.nameColon >= 0) this.fail('not-well-formed', 'a name with two colons');
            this.nameColon = i - start;
            this.prefixHash = hash;
            this.nameHash = 0;
            state = TAG_NAME_START;
            i++;
            break;
          }
          if (c >= 0x80) {
            this.beginCharacter(c, TAG_NAME, i - start);
            state = CHARACTER;
            i++;
            break;
          }
          structure.nameStart = this.nameStart;
          structure.nameColon = this.nameColon;
          structure.nameEnd = i - start;
          structure.nameHash = hash;
          structure.prefixHash = this.prefixHash;
          if (i - start - this.nameStart > this.limits.nameBytes) this.tooLong();
          // What follows the name is what may follow a value.
          state = AFTER_VALUE;
          break;
        }

        case AFTER_VALUE:
        case EMPTY_TAG: {
          const c = bytes[i] as number;
          if (state === AFTER_VALUE) {
            if (((classes[c] as number) & space) !== 0) {
              state = IN_TAG;
              i++;
              break;
            }
            if (c === SLASH) {
              state = EMPTY_TAG;
              i++;
              break;
            }
          }
          if (c !== GT) this.fail('not-well-formed', 'a start tag that is not one');
          i++;
          const empty = state === EMPTY_TAG;
          if (!this.framed && !this.streamIsOpen) {
            const head = structure.openStream(bytes, start);
            this.streamIsOpen = true;
            this.rootName = Buffer.from(bytes.subarray(start + structure.nameStart, start + structure.nameEnd));
            this.start = -1;
            this.state = BETWEEN;
            this.handler.onStreamOpen(head);
            if (empty && this.streamIsOpen) this.endStream();
          } else {
            structure.open(bytes, start, this.tagStart, i - start);
            state = TEXT;
            if (!empty || structure.close(this.tagStart, i - start) > 0) break;
            this.deliver(bytes, start, i);
          }
          if (once || this.halted) return i;
          state = this.state;
          start = -1;
          stop = end;
          break;
        }

        case IN_TAG: {
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & space) === 0) break;
            i++;
          }
          if (i === stop) break;
          if (((classes[c] as number) & startByte) !== 0) {
            state = ATTRIBUTE_NAME;
          } else if (c === GT || c === SLASH) {
            state = AFTER_VALUE;
            break;
          } else if (c >= 0x80) {
            this.beginCharacter(c, ATTRIBUTE_NAME_START, i - start);
            state = CHARACTER;
          } else this.fail('not-well-formed', 'an attribute without a name');
          this.nameStart = i - start;
          this.nameColon = -1;
          this.nameHash = 0;
          if (state === CHARACTER) i++;
          break;
        }

        case ATTRIBUTE_NAME: {
          let hash = this.nameHash;
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & nameByte) === 0) break;
            hash = hashStep(hash, c);
            i++;
          }
          this.nameHash = hash;
          if (i === stop) break;
          if (c === COLON) {
            if (this.nameColon >= 0) this.fail('not-well-formed', 'a name with two colons');
            this.nameColon = i - start;
            this.prefixHash = hash;
            this.nameHash = 0;
            state = ATTRIBUTE_NAME_START;
            i++;
            break;
          }
          if (c >= 0x80) {
            this.beginCharacter(c, ATTRIBUTE_NAME, i - start);
            state = CHARACTER;
            i++;
            break;
          }
          this.nameEnd = i - start;
          if (i - start - this.nameStart > this.limits.nameBytes) this.tooLong();
          if (c === EQUALS) {
            state = BEFORE_VALUE;
            i++;
          } else state = BEFORE_EQUALS;
          break;
        }

        case BEFORE_VALUE: {
          const c = bytes[i] as number;
          if (c === APOS || c === QUOT) {
            this.quote = c;
            this.valueStart = i + 1 - start;
            this.valueForm = VALUE_ASCII;
            state = VALUE;
          } else if (((classes[c] as number) & space) === 0) this.fail('not-well-formed', 'a value without quotes');
          i++;
          break;
        }

        case VALUE: {
          const quote = this.quote;
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & valueByte) !== 0) i++;
            else if (c === quote || c < 0x20 || c === LT || c === AMP) break;
            else if (c < 0x80)
              i++; // the other quote
            else {
              this.valueForm |= VALUE_UTF8;
              const next = skipCharacter(bytes, i, stop);
              if (next === i) break;
              i = next;
            }
          }
          if (i === stop) break;
          if (c === quote) {
            structure.addAttribute(
              this.nameStart,
              this.nameColon,
              this.nameEnd,
              this.nameHash,
              this.prefixHash,
              this.valueStart,
              i - start,
              this.valueForm,
            );
            state = AFTER_VALUE;
          } else if (c === AMP) {
            this.valueForm |= VALUE_ENCODED;
            this.referenceIn = VALUE;
            state = REFERENCE;
          } else if (c >= 0x80) {
            this.beginCharacter(c, VALUE, i - start);
            state = CHARACTER;
          } else if (((classes[c] as number) & space) !== 0) this.valueForm |= VALUE_ENCODED;
          else if (c === LT) this.fail('not-well-formed', "'<' in a value");
          else this.illegal();
          i++;
          break;
        }

        case CLOSE_NAME: {
          const inStanza = structure.depth > 0;
          const name = inStanza ? bytes : (this.rootName as Buffer);
          const nameStart = inStanza ? start + structure.openNameStart() : 0;
          const length = inStanza ? structure.openNameEnd() - structure.openNameStart() : name.length;
          let matched = this.matched;
          while (i < stop && matched < length && bytes[i] === name[nameStart + matched]) {
            matched++;
            i++;
          }
          this.matched = matched;
          if (matched === length) state = CLOSE_END;
          else if (i < stop) this.fail('not-well-formed', 'an end tag that ends nothing');
          break;
        }

        case CLOSE_END: {
          const c = bytes[i] as number;
          i++;
          if (c !== GT) {
            if (((classes[c] as number) & space) === 0) this.fail('not-well-formed', 'an end tag that ends nothing');
            break;
          }
          if (structure.depth === 0) this.endStream();
          else {
            state = TEXT;
            if (structure.close(this.tagStart, i - start) > 0) break;
            this.deliver(bytes, start, i);
          }
          if (once || this.halted) return i;
          state = this.state;
          start = -1;
          stop = end;
          break;
        }

        case BETWEEN: {
          const c = bytes[i] as number;
          if (c === LT) {
            start = i;
            this.start = i;
            this.tagStart = 0;
            stop = Math.min(end, i + this.itemBytesMax());
            state = TAG_OPEN;
          } else if (((classes[c] as number) & space) === 0) {
            // The schema of the stream (RFC 6120 §A.1) has elements only; white space may separate them (§11.7).
            this.fail('invalid-xml', 'text between stanzas');
          }
          i++;
          break;
        }

        case BEFORE_EQUALS: {
          const c = bytes[i] as number;
          if (c === EQUALS) state = BEFORE_VALUE;
          else if (((classes[c] as number) & space) === 0) this.fail('not-well-formed', 'an attribute without a value');
          i++;
          break;
        }

        case TAG_NAME_START:
        case ATTRIBUTE_NAME_START: {
          const c = bytes[i] as number;
          if (((classes[c] as number) & startByte) !== 0) {
            state = state === TAG_NAME_START ? TAG_NAME : ATTRIBUTE_NAME;
          } else if (c >= 0x80) {
            this.beginCharacter(c, state, i - start);
            state = CHARACTER;
            i++;
          } else this.fail('not-well-formed', 'a prefix without a name');
          break;
        }

        case CHARACTER: {
          const c = bytes[i] as number;
          if (c < this.continuationMin || c > this.continuationMax) this.fail('unsupported-encoding', 'not UTF-8');
          this.continuationMin = 0x80;
          this.continuationMax = 0xbf;
          i++;
          if (--this.continuationBytes === 0) state = this.endCharacter(bytes, start, i);
          break;
        }

        case BANG: {
          // RFC 6120 §11.1: comments and all that a DTD is made of.
          if (bytes[i] !== 0x5b) this.fail('restricted-xml', 'a comment or a DTD');
          if (structure.depth === 0)
            this.fail(this.streamIsOpen ? 'invalid-xml' : 'not-well-formed', 'text outside of elements');
          this.matched = 0;
          state = CDATA_OPEN;
          break;
        }

        case CDATA_OPEN: {
          if (bytes[i] !== CDATA_KEYWORD[this.matched]) this.fail('not-well-formed', 'a CDATA section that is not one');
          i++;
          if (++this.matched === CDATA_KEYWORD.length) state = CDATA;
          break;
        }

        case CDATA: {
          let c = 0;
          while (i < stop) {
            c = bytes[i] as number;
            if (((classes[c] as number) & cdataByte) !== 0) i++;
            else if (c >= 0x80) {
              const next = skipCharacter(bytes, i, stop);
              if (next === i) break;
              i = next;
            } else break;
          }
          if (i === stop) break;
          if (c === GT) {
            if (bytes[i - 1] === BRACKET && bytes[i - 2] === BRACKET) state = TEXT;
          } else if (c >= 0x80) {
            this.beginCharacter(c, CDATA, i - start);
            state = CHARACTER;
          } else this.illegal();
          i++;
          break;
        }

        case REFERENCE: {
          const c = bytes[i] as number;
          if (c === 0x23) {
            state = NUMBER;
            i++;
          } else if (((classes[c] as number) & startByte) !== 0) {
            this.tokenStart = i - start;
            state = ENTITY;
          } else this.fail('not-well-formed', "'&' without a name");
          break;
        }

        case ENTITY: {
          const c = bytes[i] as number;
          if (c === SEMICOLON) {
            const name = bytes.toString('latin1', start + this.tokenStart, i);
            if (name !== 'amp' && name !== 'lt' && name !== 'gt' && name !== 'quot' && name !== 'apos') this.entity();
            state = this.referenceIn;
          } else if (((classes[c] as number) & nameByte) === 0) {
            this.fail('not-well-formed', "a reference without ';'");
          }
          i++;
          break;
        }

        case NUMBER: {
          this.number = 0;
          this.matched = 0;
          if (bytes[i] === 0x78) {
            state = HEXADECIMAL;
            i++;
          } else state = DECIMAL;
          break;
        }

        case DECIMAL:
        case HEXADECIMAL: {
          const c = bytes[i] as number;
          if (c === SEMICOLON) {
            if (this.matched === 0 || !isCharacter(this.number))
              this.fail('not-well-formed', 'a reference to no character');
            state = this.referenceIn;
          } else {
            const digit = digitOf(c);
            const radix = state === DECIMAL ? 10 : 16;
            if (digit >= radix) this.fail('not-well-formed', "a reference without ';'");
            this.number = this.number * radix + digit;
            this.matched = 1;
          }
          i++;
          break;
        }

        case START:
        case PROLOG: {
          const c = bytes[i] as number;
          if (c === LT) {
            start = i;
            this.start = i;
            this.tagStart = 0;
            stop = Math.min(end, i + this.itemBytesMax());
            state = state === START ? FIRST_TAG_OPEN : TAG_OPEN;
          } else if (((classes[c] as number) & space) !== 0) state = PROLOG;
          // 0 and the byte order mark of UTF-16 and UTF-32. U+FEFF in UTF-8 is text (RFC 6120 §11.6), and text is not allowed here.
          else if (c === 0 || c >= 0xfe) this.fail('unsupported-encoding', 'not UTF-8');
          else this.fail('not-well-formed', 'text before the first element');
          i++;
          break;
        }

        case FIRST_TAG_OPEN: {
          const c = bytes[i] as number;
          if (c === 0x3f) {
            this.matched = 0;
            state = QUESTION;
            i++;
          } else if (c === 0) this.fail('unsupported-encoding', 'not UTF-8');
          else state = TAG_OPEN;
          break;
        }

        case QUESTION: {
          // '<?xml' and white space, or a processing instruction.
          const c = bytes[i] as number;
          const matched = this.matched++;
          if (matched < 3 ? c !== XML_KEYWORD[matched] : ((classes[c] as number) & space) === 0) {
            this.fail('restricted-xml', 'a processing instruction');
          }
          if (matched === 3) state = DECLARATION;
          i++;
          break;
        }

        case DECLARATION: {
          const c = bytes[i] as number;
          i++;
          if (c !== GT || bytes[i - 2] !== 0x3f) break;
          this.checkDeclaration(bytes.toString('latin1', start, i));
          this.start = -1;
          this.state = PROLOG;
          if (once) return i;
          state = PROLOG;
          start = -1;
          stop = end;
          break;
        }

        case EPILOG: {
          if (((classes[bytes[i] as number] as number) & space) === 0) {
            this.fail('not-well-formed', 'something after the last element');
          }
          i++;
          break;
        }

        default:
          throw new Error(`no such state: ${state}`);
      }
    }
    this.state = state;
    if (stop < end) {
      const limit = this.streamIsOpen || this.framed ? 'stanzaBytes' : 'headerBytes';
      throw new XmlError('policy-violation', 'an element of too many bytes', limit);
    }
    return i;
  }

  private itemBytesMax(): number {
    return this.streamIsOpen || this.framed ? this.limits.stanzaBytes : this.limits.headerBytes;
  }

  /** A stanza is complete. With framing 'message' it is held until the rest of the message has been seen. */
  private deliver(bytes: Buffer, start: number, end: number): void {
    const element = (this.structure as Structure).take(copyOwned(bytes, start, end));
    this.start = -1;
    if (this.framed) {
      this.state = EPILOG;
      this.complete = element;
    } else {
      this.state = BETWEEN;
      this.handler.onElement(element);
    }
  }

  private endStream(): void {
    this.start = -1;
    this.state = EPILOG;
    this.streamIsOpen = false;
    this.handler.onStreamClose();
  }

  private illegal(): never {
    return this.fail('not-well-formed', 'a character that XML does not allow');
  }

  private entity(): never {
    return this.fail('restricted-xml', 'a reference to an entity that is not predefined');
  }

  private tooLong(): never {
    throw new XmlError('policy-violation', 'a name of too many bytes', 'nameBytes');
  }

  private checkDeclaration(declaration: string): void {
    const parts = DECLARATION_FORM.exec(declaration);
    if (parts === null) this.fail('not-well-formed', 'an XML declaration that is not one');
    // RFC 6120 §11.8. A standalone declaration is ignored (§11.5).
    if (parts[2] !== '1.0') this.fail('not-well-formed', 'XML of another version than 1.0');
    if (parts[4] !== undefined && parts[4].toLowerCase() !== 'utf-8') this.fail('unsupported-encoding', 'not UTF-8');
  }

  /** `c` is the first byte of a character, at `at`, that belongs to what state `within` reads. */
  private beginCharacter(c: number, within: number, at: number): void {
    this.characterIn = within;
    this.characterStart = at;
    this.continuationMin = 0x80;
    this.continuationMax = 0xbf;
    // RFC 3629 §4: no overlong form, no surrogate, nothing above U+10FFFF.
    if (c >= 0xc2 && c <= 0xdf) this.continuationBytes = 1;
    else if (c >= 0xe0 && c <= 0xef) {
      this.continuationBytes = 2;
      if (c === 0xe0) this.continuationMin = 0xa0;
      else if (c === 0xed) this.continuationMax = 0x9f;
    } else if (c >= 0xf0 && c <= 0xf4) {
      this.continuationBytes = 3;
      if (c === 0xf0) this.continuationMin = 0x90;
      else if (c === 0xf4) this.continuationMax = 0x8f;
    } else this.fail('unsupported-encoding', 'not UTF-8');
  }

  /** The character that was begun is complete before `end`. Returns the state that goes on. */
  private endCharacter(bytes: Buffer, start: number, end: number): number {
    const within = this.characterIn;
    const from = start + this.characterStart;
    const cp = codePointAt(bytes, from, end);
    if (within === TEXT || within === VALUE || within === CDATA) {
      if (!isCharacter(cp)) this.illegal();
      return within;
    }
    const first = within === TAG_NAME_START || within === ATTRIBUTE_NAME_START;
    if (!(first ? isNameStartCharacter(cp) : isNameCharacter(cp)))
      this.fail('not-well-formed', 'a name with a character that names cannot have');
    for (let i = from; i < end; i++) this.nameHash = hashStep(this.nameHash, bytes[i] as number);
    return within === TAG_NAME || within === TAG_NAME_START ? TAG_NAME : ATTRIBUTE_NAME;
  }
}

const XML_KEYWORD = Buffer.from('xml');

/** Where the character at `i` ends, when it is whole and of the plain kinds; else `i`, and it has to be read byte by byte. */
function skipCharacter(bytes: Buffer, i: number, stop: number): number {
  const c = bytes[i] as number;
  if (c >= 0xe1) {
    if (i + 2 < stop && (c <= 0xec || c === 0xee || (c === 0xef && (bytes[i + 1] as number) < 0xbf))) {
      if (((bytes[i + 1] as number) & 0xc0) === 0x80 && ((bytes[i + 2] as number) & 0xc0) === 0x80) return i + 3;
    }
  } else if (c >= 0xc2 && c <= 0xdf && i + 1 < stop && ((bytes[i + 1] as number) & 0xc0) === 0x80) return i + 2;
  return i;
}

function codePointAt(bytes: Buffer, from: number, end: number): number {
  const length = end - from;
  let cp = (bytes[from] as number) & (0xff >> (length + 1));
  for (let i = from + 1; i < end; i++) cp = (cp << 6) | ((bytes[i] as number) & 0x3f);
  return cp;
}

/** The value of a hexadecimal digit; 16 when it is none. */
function digitOf(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 16;
}
