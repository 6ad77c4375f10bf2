import assert from 'node:assert/strict';
import { readLog, scenario } from '@starling/testkit';

const CARBONS = 'urn:xmpp:carbons:2';
const ARCHIVED = 2;

// What clients say to each other and a server only passes on: it comes whole, to all devices of both sides, and is kept where it must be.
const PASSES: readonly (readonly [id: string, message: string, isKept: boolean])[] = [
  ['said', `<body>soft</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>`, true],
  ['xep-0184', `<received xmlns='urn:xmpp:receipts' id='said'/>`, true],
  ['xep-0333', `<displayed xmlns='urn:xmpp:chat-markers:0' id='said'/>`, true],
  ['xep-0085', `<composing xmlns='http://jabber.org/protocol/chatstates'/>`, false],
  ['xep-0308', `<body>sweet</body><replace xmlns='urn:xmpp:message-correct:0' id='said'/>`, true],
  [
    'xep-0444',
    `<reactions xmlns='urn:xmpp:reactions:0' id='said'><reaction>👋</reaction></reactions><store xmlns='urn:xmpp:hints'/>`,
    true,
  ],
  ['xep-0461', `<body>yes</body><reply xmlns='urn:xmpp:reply:0' id='said'/>`, true],
];

scenario(
  'XEP-0184, 0333, 0085, 0308, 0444, 0461 pass whole, to all devices of both sides',
  { edges: [1, 3], modes: ['cluster'] },
  async ({ romeo, juliet, world }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await phone.iq('set', '', `<enable xmlns='${CARBONS}'/>`);
    await phone.sends`<presence><status>copies</status></presence>`;
    await home.receives`<presence from='${phone.jid}'><status>copies</status></presence>`;
    for (const [id, content] of PASSES) {
      home.sendXml(`<message to='${juliet.jid}' type='chat' id='${id}'>${content}</message>`);
      for (const device of [balcony, garden])
        await device.receive(`<message id='${id}' type='chat'>${content}</message>`);
      await phone.receive(
        `<message><sent xmlns='${CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='${id}'>${content}</message></forwarded></sent></message>`,
      );
    }
    const kept = PASSES.flatMap(([id, , isKept]) => (isKept ? [id] : []));
    for (const { jid } of [romeo, juliet]) {
      const entries = await readLog(world.natsUrl, jid);
      assert.deepEqual(
        entries.map(({ stanza }) => stanza.attrs.id),
        kept,
      );
      assert.ok(entries.every(({ fate }) => fate === ARCHIVED));
    }
  },
);
