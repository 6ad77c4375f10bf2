import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { HttpHeaders, HttpReply } from '@starling/feature-api';
import { acceptsEncoding, matchesTag } from './conditions.ts';

/** Five is six times as fast as nine, for 3 % more bytes; the default, eleven, takes seconds. */
const BROTLI_QUALITY = 5;
const HASH_BYTES = 12;

/** In the order in which they are preferred. */
const ENCODINGS = ['br', 'gzip'] as const;
type Encoding = (typeof ENCODINGS)[number];

const compress: Readonly<Record<Encoding, (body: Uint8Array) => Promise<Uint8Array>>> = {
  br: (body) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (body) => promisify(gzip)(body),
};

export interface StaticFileOptions {
  readonly type: string;
  /** Pictures and sounds are compressed already. */
  readonly compressible: boolean;
  /** Besides content-type, the tag and what goes with an encoding. */
  readonly headers: HttpHeaders;
  /** Called once, when somebody asks for it first. @throws when it is not there any more */
  readonly read: () => Uint8Array;
}

/**
 * One file of a closed set. It is read when it is first asked for, then compressed in the thread pool; whoever asks before that is done gets it plain. So
 * an edge whose page nobody opens spends nothing, and memory is bounded by the set: about twice its files.
 */
export class StaticFile {
  readonly #options: StaticFileOptions;
  #body: Uint8Array | undefined;
  #hash = '';
  readonly #encoded = new Map<Encoding, Uint8Array>();

  constructor(options: StaticFileOptions) {
    this.#options = options;
  }

  /** The first bytes of its hash, for a name that changes with what it names. */
  get hash(): string {
    this.#load();
    return this.#hash;
  }

  answer(request: HttpHeaders): HttpReply {
    const body = this.#load();
    const encoding = ENCODINGS.find((e) => this.#encoded.has(e) && acceptsEncoding(request['accept-encoding'], e));
    // RFC 9110 §8.8.3: a strong tag is of one representation; any of them says that the client has this file.
    const tags = ['', ...ENCODINGS].map((suffix) => this.#tag(suffix));
    const headers: HttpHeaders = {
      ...this.#options.headers,
      ...(this.#options.compressible ? { vary: 'accept-encoding' } : {}),
      etag: this.#tag(encoding),
    };
    const known = tags.find((tag) => matchesTag(request['if-none-match'], tag));
    if (known !== undefined) return { status: 304, headers: { ...headers, etag: known }, body: '' };
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': this.#options.type,
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      },
      body: (encoding && this.#encoded.get(encoding)) ?? body,
    };
  }

  #tag(encoding = ''): string {
    return encoding === '' ? `"${this.#hash}"` : `"${this.#hash}-${encoding}"`;
  }

  #load(): Uint8Array {
    if (this.#body !== undefined) return this.#body;
    const body = this.#options.read();
    this.#body = body;
    this.#hash = createHash('sha256').update(body).digest('hex').slice(0, HASH_BYTES);
    if (this.#options.compressible) for (const encoding of ENCODINGS) void this.#compress(encoding, body);
    return body;
  }

  async #compress(encoding: Encoding, body: Uint8Array): Promise<void> {
    try {
      this.#encoded.set(encoding, await compress[encoding](body));
    } catch {
      // Policy: out of memory in the thread pool; the file goes out as it is.
    }
  }
}
