/** Bounds that both ends of the wire have to agree on; they never change after a release. */

/** Partitions of all bare JIDs. */
export const PARTITIONS = 256;

/** Bytes of a user token in a subject; a longer one is replaced by a hash. */
export const TOKEN_BYTES_MAX = 128;

/** The highest sequence that a position can hold (48 bits). */
export const SEQUENCE_MAX = 2 ** 48 - 1;

/** The highest epoch that a position can hold: 15 bits, so that PostgreSQL's signed bigint keeps the order. */
export const EPOCH_MAX = 2 ** 15 - 1;
