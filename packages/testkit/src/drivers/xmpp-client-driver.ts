import { client, xml } from '@xmpp/client';
import WebSocket from 'ws';
import { WEBSOCKET_PATH } from '../channel.ts';
import { serveCommands, tell } from './protocol.ts';

// @xmpp/client (xmpp.js), as its README shows it.

// It uses the global WebSocket, which Node 20 does not have yet.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

let xmpp: ReturnType<typeof client> | undefined;

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
      if (!stanza.is('message')) return;
      const { from = '', to = '', id = '', type = '' } = stanza.attrs;
      tell({ event: 'message', message: { from, to, id, type, body: stanza.getChildText('body') ?? '' } });
    });
    const address = await xmpp.start();
    await xmpp.send(xml('presence'));
    tell({ event: 'online', jid: address.toString() });
  },
  async send({ to, id, type, body }) {
    await xmpp?.send(xml('message', { to, id, type }, xml('body', {}, body)));
  },
  async close() {
    await xmpp?.stop();
  },
});
