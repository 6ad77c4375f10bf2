/**
 * What the sender's edge has seen in a message (Envelope.hints, a bit set), so that nobody behind it reads its XML for that. Bits are only
 * ever added, and one that is not set says nothing: the edge may be of a release that does not know it.
 */
export const HINT = {
  /** Not for other devices: `<private/>` (XEP-0280), `<no-copy/>` (XEP-0334). */
  noCopy: 1,
  body: 2,
  /** Receipts (XEP-0184), chat states (XEP-0085), markers (XEP-0333). */
  conversation: 4,
  /** To a room: direct (XEP-0249) or mediated (XEP-0045). */
  invitation: 8,
  /** A room's `<x/>` without an invitation in it: a private message of an occupant (XEP-0045 §7.5). */
  occupant: 16,
  /** Takes back an earlier message (XEP-0424). */
  retraction: 32,
  /** Of an error that the server has made: what it answers is eligible for copies (XEP-0280 §6.1). */
  answersCopied: 64,
} as const;

export const hasHint = (hints: number, hint: number): boolean => (hints & hint) !== 0;
