/** What one peer may make the scanner hold or do. Each is checked while reading; beyond it the stream ends with policy-violation. */
export interface ScanLimits {
  /** Bytes of one element at stream level, start tag to end tag. RFC 6120 §13.12: at least 10000. */
  readonly stanzaBytes: number;
  /** Bytes of the XML declaration, and of the stream header: what a peer can send before it has said who it is. */
  readonly headerBytes: number;
  /** Open elements within one stanza, the stanza counted. */
  readonly depth: number;
  /** Attributes of one start tag, namespace declarations counted. */
  readonly attributes: number;
  /** Bytes of one qualified name. */
  readonly nameBytes: number;
  /** Bytes of one namespace name: what is written anew repeats it for every element that has it. */
  readonly namespaceBytes: number;
  /** Prefixes that are declared at one place, those of the stream header counted: every prefixed name searches them. */
  readonly prefixes: number;
}

export const DEFAULT_LIMITS: ScanLimits = Object.freeze({
  stanzaBytes: 262_144,
  headerBytes: 8_192,
  depth: 64,
  attributes: 64,
  nameBytes: 256,
  namespaceBytes: 1_024,
  prefixes: 64,
});
