/** A presence stanza as far as the runs need it. */
export interface ReadPresence {
  readonly from: string;
  /** '' = available. */
  readonly type: string;
  /** Of its status, as statusOf has made it; 0 when it bears none. */
  readonly number: number;
  /** Unix time, in ms, at which it was sent. */
  readonly sentAtMs: number;
}

/** What a session says of itself: which change this is, and when. */
export const statusOf = (number: number, sentAtMs: number): string => `<status>${number} ${sentAtMs}</status>`;

/** Undefined for any other stanza. */
export function parsePresence(stanza: string): ReadPresence | undefined {
  if (!stanza.startsWith('<presence')) return undefined;
  const tag = stanza.slice(0, stanza.indexOf('>'));
  const [, number = '0', sentAtMs = '0'] = /<status>(\d+) (\d+)<\/status>/.exec(stanza) ?? [];
  return {
    from: attributeOf(tag, 'from'),
    type: attributeOf(tag, 'type'),
    number: Number(number),
    sentAtMs: Number(sentAtMs),
  };
}

/** '' when it has none. `tag` is a start tag; entities stay as they are. */
export function attributeOf(tag: string, name: string): string {
  const [, double, single = ''] = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? [];
  return double ?? single;
}
