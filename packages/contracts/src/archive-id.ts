import { type Cipher, createCipheriv, createDecipheriv, type Decipher, hkdfSync } from 'node:crypto';
import { EPOCH_MAX } from './limits.ts';
import type { Position } from './position.ts';

/** What the text of an id begins with: which secret and which form it is of. */
const VERSION = '1';
/** AES-128: one block is one id. */
const BLOCK_BYTES = 16;
/** Epoch 2, sequence 6, stream 2; the rest is zero, by which an id that we have not made is known: one in 2^48 would pass. */
const SEQUENCE_AT = 2;
const SEQUENCE_BYTES = 6;
const STREAM_AT = 8;
const CHECK_AT = 10;
const CHECK_BYTES = 6;
/** 16 bytes in base64url, without padding; the last character holds the last two bits. */
const TEXT = /^1[A-Za-z0-9_-]{21}[AQgw]$/;
const LABEL = 'starling archive id 1';
/** Shorter ones can be tried out. */
export const ARCHIVE_ID_SECRET_CHARACTERS_MIN = 16;

/**
 * Archive ids (XEP-0313 §IDs, XEP-0359 §Security): a place in a log as a text that tells nothing of it, the same on every edge that has
 * the secret, without anything to look up. A block cipher is just that: every place another block, and no block that says more than itself.
 */
export class ArchiveIds {
  readonly #encryption: Cipher;
  readonly #decryption: Decipher;
  readonly #plain = Buffer.alloc(BLOCK_BYTES);

  /** @param secret of the whole cluster; another one would void all ids that clients remember */
  constructor(secret: string) {
    const key = Buffer.from(hkdfSync('sha256', secret, '', LABEL, BLOCK_BYTES));
    // Kept open: to make a cipher costs several times what a block does.
    this.#encryption = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.#decryption = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  encode({ epoch, sequence }: Position, stream: number): string {
    const plain = this.#plain;
    plain.writeUInt16BE(epoch, 0);
    plain.writeUIntBE(sequence, SEQUENCE_AT, SEQUENCE_BYTES);
    plain.writeUInt16BE(stream, STREAM_AT);
    // Not by an output encoding: that keeps what does not fill three bytes for the next time.
    return VERSION + this.#encryption.update(plain).toString('base64url');
  }

  /** Undefined when it is no id of this stream's. */
  decode(id: string, stream: number): Position | undefined {
    if (!TEXT.test(id)) return undefined;
    const plain = this.#decryption.update(Buffer.from(id.slice(VERSION.length), 'base64url'));
    if (plain.readUIntBE(CHECK_AT, CHECK_BYTES) !== 0 || plain.readUInt16BE(STREAM_AT) !== stream) return undefined;
    const epoch = plain.readUInt16BE(0);
    return epoch > EPOCH_MAX ? undefined : { epoch, sequence: plain.readUIntBE(SEQUENCE_AT, SEQUENCE_BYTES) };
  }
}
