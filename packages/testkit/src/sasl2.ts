import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Element } from '@starling/xml';
import { type Client, RefusedError } from './client.ts';
import { xml } from './match-xml.ts';
import { ScramClient, type ScramMechanism } from './scram.ts';
import { childOf, textOf } from './show-element.ts';

/** The client's side of SASL2 (XEP-0388), as it is told, one step at a time; with HT-SHA-256-* for tokens (XEP-0484). */
export type HashedTokenMechanism = 'HT-SHA-256-NONE' | 'HT-SHA-256-EXPR' | 'HT-SHA-256-ENDP';

export interface Sasl2Login {
  readonly username: string;
  /** The password, or a token. */
  readonly secret: string;
  readonly mechanism: ScramMechanism | 'PLAIN' | HashedTokenMechanism;
  /** The id of `<user-agent/>`; default: there is none. */
  readonly client?: string;
  /** What stands in `<authenticate/>` beside that, as XML. */
  readonly inline?: string;
  /** Instead of what the mechanism is bound to. */
  readonly bound?: Uint8Array;
}

const SASL2 = 'urn:xmpp:sasl:2';
const FAST = 'urn:xmpp:fast:0';
const BINDINGS = { NONE: undefined, EXPR: 'tls-exporter', ENDP: 'tls-server-end-point' } as const;

/** Sends `<authenticate/>` and what follows; returns `<success/>`. @throws RefusedError with `<failure/>` */
export async function authenticate2(client: Client, login: Sasl2Login): Promise<Element> {
  const { mechanism } = login;
  const isToken = mechanism.startsWith('HT-');
  const scram = mechanism.startsWith('SCRAM-')
    ? new ScramClient(mechanism as ScramMechanism, login.username, login.secret)
    : undefined;
  const bound = isToken ? (login.bound ?? boundTo(client, mechanism)) : undefined;
  const first = scram?.first() ?? `\0${login.username}\0${login.secret}`;
  client.send(authenticateXml(login, bound === undefined ? Buffer.from(first) : tokenMessage(login, bound)));
  let answer = await client.next();
  if (scram !== undefined && answer.name === 'challenge') {
    client.send(xml`<response xmlns='${SASL2}'>${base64(scram.final(decoded(textOf(answer)).toString()))}</response>`);
    answer = await client.next();
  }
  if (answer.ns !== SASL2 || answer.name !== 'success') throw new RefusedError(mechanism, answer);
  const data = decoded(textOf(childOf(answer, 'additional-data') ?? answer));
  const isMutual = bound
    ? timingSafeEqual(data, sign(login.secret, 'Responder', bound))
    : (scram?.verify(data.toString()) ?? true);
  if (!isMutual) throw new RefusedError('the signature of the server', answer);
  const identifier = textOf(childOf(answer, 'authorization-identifier') ?? answer);
  if (identifier.includes('/')) client.jid = identifier;
  return answer;
}

/** The token in `<success/>`; undefined when there is none. */
export function tokenIn(success: Element): { readonly token: string; readonly expiresAtMs: number } | undefined {
  const { token = '', expiry = '' } = childOf(success, 'token', FAST)?.attrs ?? {};
  return token === '' ? undefined : { token, expiresAtMs: Date.parse(expiry) };
}

/** `<authenticate/>` with an initial response. */
export function authenticateXml({ mechanism, client, inline = '' }: Sasl2Login, initial: Uint8Array): string {
  const response = Buffer.from(initial).toString('base64');
  const agent = client === undefined ? '' : `<user-agent id='${client}'><software>testkit</software></user-agent>`;
  return `<authenticate xmlns='${SASL2}' mechanism='${mechanism}'><initial-response>${response}</initial-response>${agent}${inline}</authenticate>`;
}

/** initiator-msg of draft-schmaus-kitten-sasl-ht. */
export const tokenMessage = ({ username, secret }: Sasl2Login, bound: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${username}\0`), sign(secret, 'Initiator', bound)]);

const sign = (token: string, role: string, bound: Uint8Array): Uint8Array =>
  createHmac('sha256', token).update(role).update(bound).digest();

function boundTo(client: Client, mechanism: string): Uint8Array {
  const type = BINDINGS[mechanism.slice(-4) as keyof typeof BINDINGS];
  return type === undefined ? new Uint8Array(0) : client.channel.binding(type);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const decoded = (text: string) => Buffer.from(text, 'base64');
