import { type Agent, createClient, type Stanzas } from 'stanza';
import { WEBSOCKET_PATH } from '../channel.ts';
import { type ForeignContact, serveCommands, tell } from './protocol.ts';

// stanza (StanzaJS), as its README shows it; it speaks WebSocket and BOSH only.

let agent: Agent | undefined;
/** stanza asks by version (RFC 6121 §2.6) and leaves it to whoever uses it to keep what it has got. */
const contacts = new Map<string, ForeignContact>();

function keep(items: readonly Stanzas.RosterItem[] = []): void {
  for (const { jid, name = '', subscription, pending } of items) {
    if (subscription === 'remove') contacts.delete(jid);
    else contacts.set(jid, { jid, name, subscription, ask: pending === 'subscribe' });
  }
}

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
    for (const direction of ['sent', 'received'] as const)
      created.on(`carbon:${direction}`, ({ carbon }) => {
        const { from = '', to = '', id = '', type = '', body = '' } = carbon.forward.message ?? {};
        tell({ event: 'carbon', carbon: { direction, message: { from, to, id, type, body } } });
      });
    created.on('presence', ({ from, type = '', show = '', status = '' }) =>
      tell({ event: 'presence', presence: { from, type: type === 'available' ? '' : type, show, status } }),
    );
    created.on('roster:update', ({ roster }) => keep(roster.items));
    await new Promise<void>((resolve, reject) => {
      created.on('session:started', () => resolve());
      created.on('auth:failed', () => reject(new Error('not authorized')));
      created.on('disconnected', () => reject(new Error('disconnected')));
      created.connect();
    });
    // An interested resource (RFC 6121 §2.2), before it is available. Policy: who has no roster may still talk.
    keep((await created.getRoster().catch(() => undefined))?.items);
    created.sendPresence();
    tell({ event: 'online', jid: created.jid });
  },
  async send({ to, id, type, body }) {
    agent?.sendMessage({ to, id, type: type === 'normal' ? 'normal' : 'chat', body });
  },
  async roster() {
    tell({ event: 'roster', contacts: [...contacts.values()] });
  },
  async history({ pageSize: max }) {
    const bodies: string[] = [];
    for (let after = '', isComplete = false; !isComplete; ) {
      const page = await agent?.searchHistory({ paging: { max, ...(after !== '' && { after }) } });
      for (const { item } of page?.results ?? []) bodies.push(item.message?.body ?? '');
      after = page?.paging?.last ?? '';
      isComplete = page === undefined || page.complete === true;
    }
    tell({ event: 'history', bodies });
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
  async carbons() {
    await agent?.enableCarbons();
    tell({ event: 'copying' });
  },
  async close() {
    await agent?.disconnect();
  },
});
