import type { Part } from '@starling/testkit/parts';
import { DEFAULT_LIMITS, Scanner } from '@starling/xml';

const NS = {
  client: 'jabber:client',
  streams: 'http://etherx.jabber.org/streams',
  states: 'http://jabber.org/protocol/chatstates',
  receipts: 'urn:xmpp:receipts',
  ids: 'urn:xmpp:sid:0',
  markers: 'urn:xmpp:chat-markers:0',
  caps: 'http://jabber.org/protocol/caps',
  ping: 'urn:xmpp:ping',
} as const;
const HEADER = `<stream:stream to='example.com' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;
const LONG_BODY_BYTES = 10_000;

/** What clients of today send. */
const STANZAS = {
  'a message': `<message to='juliet@example.com/balcony' id='7c3a1f' type='chat'><body>Wherefore art thou, Romeo? &lt;3</body><active xmlns='${NS.states}'/><request xmlns='${NS.receipts}'/><origin-id xmlns='${NS.ids}' id='7c3a1f'/><markable xmlns='${NS.markers}'/></message>`,
  'a presence': `<presence id='p1'><c xmlns='${NS.caps}' hash='sha-1' node='https://example.com' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`,
  'an IQ': `<iq type='get' id='ping1' to='example.com'><ping xmlns='${NS.ping}'/></iq>`,
  'a message of 10 KB': `<message to='juliet@example.com/balcony' id='7c3a1f' type='chat'><body>${'Deny thy father. '.repeat(LONG_BODY_BYTES / 17)}</body></message>`,
} as const;

/** packages/xml: from the bytes of a client to what the road works with, one read a stanza. */
export function scanParts(): readonly Part[] {
  return Object.entries(STANZAS).map(([title, stanza]) => {
    const bytes = Buffer.from(stanza);
    let seen = 0;
    const onElement = ({ children }: { readonly children: readonly unknown[] }) => {
      seen += 1 + children.length;
    };
    const scanner = new Scanner('stream', DEFAULT_LIMITS, { onStreamOpen() {}, onElement, onStreamClose() {} });
    scanner.write(Buffer.from(HEADER));
    return {
      name: `scan ${title}`,
      run: (count) => {
        for (let i = 0; i < count; i++) scanner.write(bytes);
        return seen;
      },
    };
  });
}
