// Source: XEP-0198 1.6.3 §4, "Acks": `h` is an unsignedInt and goes from 2^32 - 1 back to zero.

const RANGE = 2 ** 32;
const HALF = 2 ** 31;

/** A count as it stands on the wire. */
export const wrap = (count: number): number => ((count % RANGE) + RANGE) % RANGE;

/** How far `to` is ahead of `from`, both on the wire: negative when it is behind. What is half of the range apart counts as behind. */
export function distance(from: number, to: number): number {
  const ahead = wrap(to - from);
  return ahead < HALF ? ahead : ahead - RANGE;
}

/** The value of an `h` attribute (xs:unsignedInt); undefined when it is none. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^[ \t\r\n]*\+?[0-9]{1,32}[ \t\r\n]*$/.test(text)) return undefined;
  const count = Number(text);
  return count < RANGE ? count : undefined;
}
