/** Before and behind the time in a body: no letter of the filling, of XML or of base64. */
const MARK = '~';
const RADIX = 36;
const MICROSECONDS = 1_000;
/** More than any stanza of the load: what is longer has no end that counts. */
const REST_CHARS_MAX = 65_536;

/** For a body: when it was sent, by performance.now() of the process that also reads it. */
export const stampOf = (nowMs: number): string => `${MARK}${Math.floor(nowMs * MICROSECONDS).toString(RADIX)}${MARK}`;

/** Finds stanzas that bear a stamp in what one session reads, as cheaply as it can. Each counts when its end has come. */
export class StampReader {
  readonly #end: string;
  readonly #onStamp: (sentMs: number) => void;
  #rest = '';

  /** @param end the end tag of the stanzas, as </message> */
  constructor(end: string, onStamp: (sentMs: number) => void) {
    this.#end = end;
    this.#onStamp = onStamp;
  }

  push(chunk: string): void {
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    let from = 0;
    for (let at = text.indexOf(this.#end); at >= 0; at = text.indexOf(this.#end, from)) {
      const mark = text.indexOf(MARK, from);
      if (mark >= 0 && mark < at)
        this.#onStamp(Number.parseInt(text.slice(mark + 1, text.indexOf(MARK, mark + 1)), RADIX) / MICROSECONDS);
      from = at + this.#end.length;
    }
    // The beginning of the next one, or what does not count and ends otherwise.
    this.#rest = text.length - from > REST_CHARS_MAX ? '' : text.slice(from);
  }
}
