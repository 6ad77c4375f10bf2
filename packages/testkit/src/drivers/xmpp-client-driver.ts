import { client, type XmlElement, xml } from '@xmpp/client';
import WebSocket from 'ws';
import { WEBSOCKET_PATH } from '../channel.ts';
import { serveCommands, tell } from './protocol.ts';

// @xmpp/client (xmpp.js), as its README shows it.

// It uses the global WebSocket, which Node 20 does not have yet.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const NS = { roster: 'jabber:iq:roster' } as const;

let xmpp: ReturnType<typeof client> | undefined;

function tellPresence(stanza: XmlElement): void {
  const { from = '', type = '' } = stanza.attrs;
  const [show, status] = [stanza.getChildText('show') ?? '', stanza.getChildText('status') ?? ''];
  tell({ event: 'presence', presence: { from, type, show, status } });
}

async function setRosterItem(attrs: Record<string, string>): Promise<void> {
  await xmpp?.iqCaller.set(xml('query', { xmlns: NS.roster }, xml('item', attrs)));
}

await serveCommands({
  async connect({ jid, password, endpoint: { transport, host, port, path = WEBSOCKET_PATH } }) {
    const [username = '', domain = '', resource] = jid.split(/[@/]/);
    const service =
      transport === 'ws'
        ? `ws://${host}:${port}${path}`
        : `${transport === 'tls' ? 'xmpps' : 'xmpp'}://${host}:${port}`;
    xmpp = client({ service, domain, username, password, ...(resource === undefined ? {} : { resource }) });
    xmpp.reconnect.stop();
    xmpp.on('error', (error) => tell({ event: 'error', text: error.message }));
    xmpp.on('stanza', (stanza) => {
      if (stanza.is('presence')) tellPresence(stanza);
      if (!stanza.is('message')) return;
      const { from = '', to = '', id = '', type = '' } = stanza.attrs;
      tell({ event: 'message', message: { from, to, id, type, body: stanza.getChildText('body') ?? '' } });
    });
    const address = await xmpp.start();
    // An interested resource (RFC 6121 §2.2), before it is available. Policy: who has no roster may still talk.
    await xmpp.iqCaller.get(xml('query', { xmlns: NS.roster })).catch(() => undefined);
    await xmpp.send(xml('presence'));
    tell({ event: 'online', jid: address.toString() });
  },
  async send({ to, id, type, body }) {
    await xmpp?.send(xml('message', { to, id, type }, xml('body', {}, body)));
  },
  async roster() {
    const query = await xmpp?.iqCaller.get(xml('query', { xmlns: NS.roster }));
    const contacts = (query?.getChildren('item') ?? []).map(
      ({ attrs: { jid = '', name = '', subscription = 'none', ask } }) => ({
        jid,
        name,
        subscription,
        ask: ask === 'subscribe',
      }),
    );
    tell({ event: 'roster', contacts });
  },
  async add({ jid, name }) {
    await setRosterItem({ jid, name });
  },
  async remove({ jid }) {
    await setRosterItem({ jid, subscription: 'remove' });
  },
  async subscription({ type, to }) {
    await xmpp?.send(xml('presence', { type, to }));
  },
  async presence({ show, status }) {
    const children = [
      ...(show === 'online' ? [] : [xml('show', {}, show)]),
      ...(status === '' ? [] : [xml('status', {}, status)]),
    ];
    await xmpp?.send(xml('presence', {}, ...children));
  },
  async close() {
    await xmpp?.stop();
  },
});
