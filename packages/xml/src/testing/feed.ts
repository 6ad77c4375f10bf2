import { canonical } from '../canonical.ts';
import { DEFAULT_LIMITS, type ScanLimits } from '../limits.ts';
import { parseChild } from '../parse.ts';
import type { Scanned } from '../scanned.ts';
import { Scanner } from '../scanner.ts';
import { XmlError } from '../xml-error.ts';

/** What a scanner made of some input: its events as text, and the error that ended it. */
export interface Reading {
  readonly events: readonly string[];
  readonly condition: string;
}

export interface FeedOptions {
  readonly framing?: 'stream' | 'message';
  readonly limits?: Partial<ScanLimits>;
  /** Whether every handler pauses the scanner. */
  readonly pausing?: boolean;
}

/** How many bytes each write gets, over and over. */
export type Sizes = readonly number[];

export const WHOLE: Sizes = [Number.MAX_SAFE_INTEGER];
export const BYTE_BY_BYTE: Sizes = [1];

/** Feeds the input in pieces of the given sizes. Each piece is wiped after its write: the scanner may keep none. */
export function feed(input: Uint8Array | string, sizes: Sizes, options: FeedOptions = {}): Reading {
  const bytes = Buffer.from(input as string);
  const events: string[] = [];
  const note = (event: string) => {
    events.push(event);
    if (options.pausing) scanner.pause();
  };
  const scanner = new Scanner(
    options.framing ?? 'stream',
    { ...DEFAULT_LIMITS, ...options.limits },
    {
      onStreamOpen: (head) => note(`open ${JSON.stringify(head)}`),
      onElement: (element) => note(describe(element)),
      onStreamClose: () => note('close'),
    },
  );
  try {
    if (bytes.length === 0) scanner.write(bytes);
    for (let from = 0, n = 0; from < bytes.length; n++) {
      const size = Math.min(sizes[n % sizes.length] as number, bytes.length - from);
      const piece = Buffer.from(bytes.subarray(from, from + size));
      for (let read = 0; read < size; ) read = scanner.write(piece, read);
      piece.fill(0x21);
      from += size;
    }
    return { events, condition: '' };
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return { events, condition: error.condition };
  }
}

function describe(element: Scanned): string {
  const { bytes, children, ...rest } = element;
  return `element ${JSON.stringify({
    ...rest,
    bytes: Buffer.from(bytes).toString(),
    children: children.map((child) => ({ ...child, tree: canonical(parseChild(element, child)) })),
  })}`;
}
