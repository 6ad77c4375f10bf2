import { SaslError } from './sasl-error.ts';

/** Bytes of one message of the client. The largest that a mechanism here asks for is PLAIN's 3 × 255 characters (RFC 4616 §2). */
export const SASL_MESSAGE_BYTES_MAX = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The character data of <auth/> or <response/> as bytes; '=' stands for zero bytes (RFC 6120 §6.4.2).
 * @throws SaslError incorrect-encoding, malformed-request (too long)
 */
export function decodeSaslText(text: string): Uint8Array {
  if (text === '' || text === '=') return new Uint8Array(0);
  if (text.length > Math.ceil(SASL_MESSAGE_BYTES_MAX / 3) * 4) throw new SaslError('malformed-request', 'too long');
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw new SaslError('incorrect-encoding');
  return bytes;
}

/**
 * Bytes as the character data of <challenge/> or <success/>; undefined: the element stays empty. No bytes at all as the
 * additional data of a success are written '=' (RFC 6120 §6.4.6).
 */
export function encodeSaslText(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  return bytes.length === 0 ? '=' : toBase64(bytes);
}

/** Undefined for everything that RFC 4648 §4 would not have written: foreign characters, wrong padding, stray bits (RFC 6120 §13.9.1). */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/**
 * A mechanism's message as text.
 * @throws SaslError malformed-request: too long, or not UTF-8
 */
export function decodeUtf8(message: Uint8Array): string {
  if (message.length > SASL_MESSAGE_BYTES_MAX) throw new SaslError('malformed-request', 'too long');
  try {
    return utf8.decode(message);
  } catch (cause) {
    throw new SaslError('malformed-request', 'not UTF-8', { cause });
  }
}
