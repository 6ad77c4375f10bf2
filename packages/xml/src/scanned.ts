/** One child of a scanned stanza: where its bytes are, and what it is. */
export interface ScannedChild {
  readonly name: string;
  readonly ns: string;
  /** Byte range in Scanned.bytes, start tag to end tag. */
  readonly start: number;
  readonly end: number;
  /** Every prefix in it is declared in it, and the default namespace that it inherits is the stanza's own. */
  readonly selfContained: boolean;
}

/** One complete element at stream level, as the scanner gives it to its handler. */
export interface Scanned {
  readonly name: string;
  readonly ns: string;
  /** As in Element.attrs. */
  readonly attrs: Readonly<Record<string, string>>;
  /** The whole element. Owned by the receiver: the scanner never writes to it again. */
  readonly bytes: Uint8Array;
  readonly children: readonly ScannedChild[];
  /** Byte range in `bytes` between the start tag and the end tag; empty, at the end, when the element is one empty tag. */
  readonly innerStart: number;
  readonly innerEnd: number;
  /** Namespace declarations in force on the element: prefix → uri, '' = default. */
  readonly scope: Readonly<Record<string, string>>;
}

/** The opening tag of a stream. */
export interface StreamHead {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Readonly<Record<string, string>>;
  /** As in Scanned.scope. */
  readonly scope: Readonly<Record<string, string>>;
}
