import type { RosterVersion } from '@starling/contracts';

const VERSION = /^([^.]+)\.(\d{1,15})$/;

/** RFC 6121 §2.1.1: opaque to the client. */
export const writeVersion = ({ lineage, number }: RosterVersion): string => `${lineage}.${number}`;

/** Undefined when it is none of ours, as '' (§2.6.2): the whole roster is wanted. */
export function readVersion(text: string | undefined): RosterVersion | undefined {
  const [, lineage, number] = VERSION.exec(text ?? '') ?? [];
  return lineage === undefined ? undefined : { lineage, number: Number(number) };
}
