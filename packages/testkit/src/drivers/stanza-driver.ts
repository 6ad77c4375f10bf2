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
    created.on('presence', ({ from, type = '', show = '', status = '' }) =>
      tell({ event: 'presence', presence: { from, type: type === 'available' ? '' : type, show, status } }),
    );
    await new Promise<void>((resolve, reject) => {
      created.on('session:started', () => resolve());
      created.on('auth:failed', () => reject(new Error('not authorized')));
      created.on('disconnected', () => reject(new Error('disconnected')));
      created.connect();
    });
    // An interested resource (RFC 6121 §2.2), before it is available. Policy: who has no roster may still talk.
    await created.getRoster().catch(() => undefined);
    created.sendPresence();
    tell({ event: 'online', jid: created.jid });
  },
  async send({ to, id, type, body }) {
    agent?.sendMessage({ to, id, type: type === 'normal' ? 'normal' : 'chat', body });
  },
  async roster() {
    const { items = [] } = (await agent?.getRoster()) ?? {};
    const contacts = items.map(({ jid, name = '', subscription, pending }) => ({
      jid,
      name,
      subscription,
      ask: pending === 'subscribe',
    }));
    tell({ event: 'roster', contacts });
  },
  async add({ jid, name }) {
    // Which subscription it has is the server's to say (RFC 6121 §2.1.2.5).
    await agent?.updateRosterItem({ jid, name, subscription: 'none' });
  },
  async remove({ jid }) {
    await agent?.removeRosterItem(jid);
  },
  async subscription({ type, to }) {
    agent?.sendPresence({ type, to });
  },
  async presence({ show, status }) {
    agent?.sendPresence({ ...(show === 'online' ? {} : { show }), ...(status === '' ? {} : { status }) });
  },
  async close() {
    await agent?.disconnect();
  },
});
