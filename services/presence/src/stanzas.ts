import { escapeAttribute } from '@starling/xml';

// What stands behind `<presence` in a presence that nobody has sent.

const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text);
const idOf = (id: string) => (id === '' ? '' : ` id="${escapeAttribute(id)}"`);

/** RFC 6121 §4.5.2: the server speaks for who is gone. */
export const unavailable = (from: string, id = ''): Uint8Array =>
  bytesOf(` from="${escapeAttribute(from)}"${idOf(id)} type="unavailable"/>`);

/** RFC 6121 §4.3.2, §4.6.6: no more than that the resource is there. */
export const mereAvailable = (from: string): Uint8Array => bytesOf(` from="${escapeAttribute(from)}"/>`);

/** RFC 6121 §4.3.2, rule 1. */
export const unsubscribed = (from: string, id: string): Uint8Array =>
  bytesOf(` from="${escapeAttribute(from)}"${idOf(id)} type="unsubscribed"/>`);
