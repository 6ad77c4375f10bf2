import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Stanza } from '@starling/stanza';
import { type Importance, importanceOf } from './importance.ts';

const STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const carbon = (inner: string) =>
  `<message from='a@b' to='a@b/c'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat'>${inner}</message></forwarded></received></message>`;

describe('XEP-0352 §3.2 what an inactive client misses', () => {
  const table: readonly (readonly [stanza: string, importance: Importance])[] = [
    ["<presence from='a@b/c'/>", 'hold'],
    ["<presence from='a@b/c' type='unavailable'/>", 'hold'],
    ["<presence from='a@b' type='subscribe'/>", 'now'],
    ["<presence from='a@b/c' type='error'/>", 'now'],
    ["<iq type='get' id='1'/>", 'now'],
    [`<message type='chat'>${STATE}</message>`, 'never'],
    [`<message type='chat'>${STATE}<thread>t</thread><no-store xmlns='urn:xmpp:hints'/></message>`, 'never'],
    [`<message type='chat'>${STATE}<body>x</body></message>`, 'now'],
    [`<message type='error'>${STATE}</message>`, 'now'],
    ["<message type='headline'><body>x</body></message>", 'now'],
    ["<message><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>", 'now'],
    ['<message/>', 'now'],
    [carbon(STATE), 'never'],
    [carbon(`${STATE}<body>x</body>`), 'now'],
  ];
  for (const [stanza, importance] of table)
    it(`${importance}: ${stanza}`, () => assert.equal(importanceOf(Stanza.decode(Buffer.from(stanza))), importance));
});
