import { createHash } from 'node:crypto';
import {
  type ArchivedEntry,
  COPY,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  FATE,
  type ImportedEntry,
  KIND,
} from '@starling/contracts';
import { type BareJid, bareOf, domainOf, type Jid, tryParseJid } from '@starling/jid';
import { dateTimeOf, delayElement, el } from '@starling/stanza';
import { type Element, parseElement, serialize, serializeBytes } from '@starling/xml';
import { NS } from './names.ts';

/** A longer id of another server's is replaced. */
const ID_CHARACTERS_MAX = 100;
const PLAIN_ID = /^[\x21-\x7e]+$/;

/** An entry of the archive as XEP-0313 gives it; its id is the entry's own, which is the same in every system. */
export function resultOf({ committedAtMs, envelope }: ArchivedEntry): Element {
  const { id, stanza } = decodeEnvelope(envelope);
  const delay = el('delay', NS.delay, { stamp: dateTimeOf(committedAtMs) });
  const forwarded = el('forwarded', NS.forward, {}, delay, parseElement(stanza, { '': NS.client }));
  return el('result', NS.mam, { id }, forwarded);
}

/** The inverse: an entry for the archive of this owner; a text says what is wrong with it. */
export function entryOf(owner: BareJid, result: Element): ImportedEntry | string {
  const forwarded = childOf(result, NS.forward, 'forwarded');
  const message = childOf(forwarded, NS.client, 'message');
  if (message === undefined) return 'an archived message is missing';
  const committedAtMs = Date.parse(childOf(forwarded, NS.delay, 'delay')?.attrs.stamp ?? '');
  if (!(committedAtMs > 0)) return 'an archived message has no time';
  const from = tryParseJid(message.attrs.from ?? owner);
  const to = tryParseJid(message.attrs.to ?? owner);
  if (from === undefined || to === undefined) return 'an archived message has no addresses';
  const stanza = serializeBytes(message, NS.client);
  const envelope: Envelope = {
    id: idOf(result.attrs.id ?? '', committedAtMs, stanza),
    ...{ owner, from, to, kind: KIND.message, type: message.attrs.type ?? '', fate: FATE.archived },
    ...{ copy: copyOf(owner, from, to), hints: 0, origin: '', sentAtMs: committedAtMs, after: 0, stanza },
  };
  return { committedAtMs, envelope: encodeEnvelope(envelope) };
}

/** A message that waits offline: with the time since which it does, unless it says that already. */
export function offlineOf(user: BareJid, { committedAtMs, envelope }: ArchivedEntry): Element {
  const message = parseElement(decodeEnvelope(envelope).stanza, { '': NS.client });
  const domain = domainOf(user);
  const isDelayed = message.children.some(
    (child) =>
      typeof child !== 'string' && child.ns === NS.delay && child.name === 'delay' && child.attrs.from === domain,
  );
  if (isDelayed) return message;
  return { ...message, children: [...message.children, delayElement(domain, committedAtMs)] };
}

/** As it goes into a log; the whole stanza in jabber:client, which is not declared on it. */
export const stanzaOf = (message: Element): Uint8Array => Buffer.from(serialize(message, NS.client));

function copyOf(owner: BareJid, from: Jid, to: Jid): Envelope['copy'] {
  if (bareOf(from) !== owner) return COPY.received;
  return bareOf(to) === owner ? COPY.self : COPY.sent;
}

function idOf(id: string, committedAtMs: number, stanza: Uint8Array): string {
  if (id.length <= ID_CHARACTERS_MAX && PLAIN_ID.test(id)) return id;
  return createHash('sha256').update(`${id}\n${committedAtMs}\n`).update(stanza).digest('base64url');
}

function childOf(element: Element | undefined, ns: string, name: string): Element | undefined {
  return element?.children.find(
    (child): child is Element => typeof child !== 'string' && child.ns === ns && child.name === name,
  );
}
