import { client, type XmlElement, xml } from '@xmpp/client';
import WebSocket from 'ws';
import { WEBSOCKET_PATH } from '../channel.ts';
import { type ForeignMessage, serveCommands, tell } from './protocol.ts';

// @xmpp/client (xmpp.js), as its README shows it.

// It uses the global WebSocket, which Node 20 does not have yet.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const NS = {
  roster: 'jabber:iq:roster',
  carbons: 'urn:xmpp:carbons:2',
} as const;

let xmpp: ReturnType<typeof client> | undefined;
/** Of its last login: that of XEP-0388, else of RFC 6120. */
let mechanism = '';

/**
 * start() begins to wait for the stream's header when its own has been written: that of a quick server has come by then, and it
 * gives up although all goes well.
 */
function start(entity: ReturnType<typeof client>): Promise<{ toString(): string }> {
  return new Promise((resolve, reject) => {
    entity.once('online', resolve);
    entity.start().catch((error: Error) => {
      if (error.name !== 'TimeoutError') reject(error);
    });
  });
}

function tellPresence(stanza: XmlElement): void {
  const { from = '', type = '' } = stanza.attrs;
  const [show, status] = [stanza.getChildText('show') ?? '', stanza.getChildText('status') ?? ''];
  tell({ event: 'presence', presence: { from, type, show, status } });
}

const messageOf = (stanza: XmlElement): ForeignMessage => {
  const { from = '', to = '', id = '', type = '' } = stanza.attrs;
  return { from, to, id, type, body: stanza.getChildText('body') ?? '' };
};

/** XEP-0280 §11: only in the account's own name. */
function tellCarbon(stanza: XmlElement, account: string): boolean {
  for (const direction of ['sent', 'received'] as const) {
    const [carbon] = stanza.getChildren(direction);
    const [message] = carbon?.getChildren('forwarded')[0]?.getChildren('message') ?? [];
    if (carbon?.attrs.xmlns !== NS.carbons || message === undefined || stanza.attrs.from !== account) continue;
    tell({ event: 'carbon', carbon: { direction, message: messageOf(message) } });
    return true;
  }
  return false;
}

async function setRosterItem(attrs: Record<string, string>): Promise<void> {
  await xmpp?.iqCaller.set(xml('query', { xmlns: NS.roster }, xml('item', attrs)));
}

await serveCommands({
  async connect({ jid, password, resumes, endpoint: { transport, host, port, path = WEBSOCKET_PATH } }) {
    const [username = '', domain = '', resource] = jid.split(/[@/]/);
    const service =
      transport === 'ws'
        ? `ws://${host}:${port}${path}`
        : `${transport === 'tls' ? 'xmpps' : 'xmpp'}://${host}:${port}`;
    xmpp = client({ service, domain, username, password, ...(resource === undefined ? {} : { resource }) });
    if (!resumes) xmpp.reconnect.stop();
    xmpp.on('send', ({ name, attrs }) => {
      if (name === 'authenticate' || name === 'auth') mechanism = attrs.mechanism ?? '';
    });
    let isOnline = false;
    xmpp.on('error', (error) => {
      // That a connection breaks is what its reconnecting is for.
      if (!resumes || !isOnline) tell({ event: 'error', text: error.message });
    });
    if (resumes) {
      xmpp.streamManagement.on('resumed', () => tell({ event: 'resumed' }));
      xmpp.streamManagement.on('ack', (stanza) => {
        if (stanza.is('message')) tell({ event: 'acknowledged' });
      });
    }
    xmpp.on('stanza', (stanza) => {
      if (stanza.is('presence')) tellPresence(stanza);
      if (stanza.is('message') && !tellCarbon(stanza, `${username}@${domain}`))
        tell({ event: 'message', message: messageOf(stanza) });
    });
    const address = await start(xmpp);
    // An interested resource (RFC 6121 §2.2), before it is available. Policy: who has no roster may still talk.
    await xmpp.iqCaller.get(xml('query', { xmlns: NS.roster })).catch(() => undefined);
    await xmpp.send(xml('presence'));
    isOnline = true;
    tell({ event: 'online', jid: address.toString() });
    // It could not resume, and has a new session.
    if (resumes) xmpp.on('online', (again) => tell({ event: 'online', jid: again.toString() }));
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
  async carbons() {
    await xmpp?.iqCaller.set(xml('enable', { xmlns: NS.carbons }));
    tell({ event: 'copying' });
  },
  async again() {
    if (xmpp === undefined) throw new Error('not connected yet');
    await xmpp.stop();
    const address = await start(xmpp);
    await xmpp.send(xml('presence'));
    tell({ event: 'again', jid: address.toString(), mechanism });
  },
  async close() {
    await xmpp?.stop();
  },
});
