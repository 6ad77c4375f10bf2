import { type Agent, createClient } from 'stanza';
import { WEBSOCKET_PATH } from '../channel.ts';
import { serveCommands, tell } from './protocol.ts';

// stanza (StanzaJS), as its README shows it; it speaks WebSocket and BOSH only.

let agent: Agent | undefined;

await serveCommands({
  async connect({ jid, password, endpoint: { transport, host, port, path = WEBSOCKET_PATH } }) {
    if (transport !== 'ws') throw new Error('stanza speaks WebSocket only');
    const [bare = '', resource] = jid.split('/');
    const created = createClient({
      jid: bare,
      password,
      autoReconnect: false,
      transports: { websocket: `ws://${host}:${port}${path}`, bosh: false },
      ...(resource === undefined ? {} : { resource }),
    });
    agent = created;
    created.on('message', ({ from, to = '', id = '', type = '', body = '' }) =>
      tell({ event: 'message', message: { from, to, id, type, body } }),
    );
    await new Promise<void>((resolve, reject) => {
      created.on('session:started', () => resolve());
      created.on('auth:failed', () => reject(new Error('not authorized')));
      created.on('disconnected', () => reject(new Error('disconnected')));
      created.connect();
    });
    created.sendPresence();
    tell({ event: 'online', jid: created.jid });
  },
  async send({ to, id, type, body }) {
    agent?.sendMessage({ to, id, type: type === 'normal' ? 'normal' : 'chat', body });
  },
  async close() {
    await agent?.disconnect();
  },
});
