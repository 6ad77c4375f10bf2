import { NS as RFC } from './ns.ts';

const NS = { forward: 'urn:xmpp:forward:0' } as const; // XEP-0297

const OPENING = `<forwarded xmlns='${NS.forward}'>`;
const CLOSING = '</forwarded>';
// §3.2: the namespace of the stanza must be kept; on its way in a stream it is not declared.
const DECLARATION = Buffer.from(` xmlns='${RFC.client}'`);
/** Behind `<message`, the only kind that is ever forwarded (§7.1). */
const NAME_END = '<message'.length;

/**
 * A message inside `<forwarded/>` inside whatever: `head`, then `<forwarded>`, `delay` if there is one, the message as Stanza.encode gives
 * it, `</forwarded>`, then `tail`. In one piece, since who is sent many of these is sent them while others wait.
 */
export function encodeForwarding(head: string, message: Uint8Array, tail: string, delay = ''): Uint8Array {
  const before = `${head}${OPENING}${delay}`;
  const after = CLOSING + tail;
  const beforeBytes = Buffer.byteLength(before);
  const bytes = Buffer.allocUnsafe(beforeBytes + message.length + DECLARATION.length + Buffer.byteLength(after));
  bytes.write(before, 0);
  bytes.set(message.subarray(0, NAME_END), beforeBytes);
  bytes.set(DECLARATION, beforeBytes + NAME_END);
  bytes.set(message.subarray(NAME_END), beforeBytes + NAME_END + DECLARATION.length);
  bytes.write(after, beforeBytes + message.length + DECLARATION.length);
  return bytes;
}
