import { ScramLogin, type SharedKeys } from '../../presence/scram.ts';
import { LeanConnection } from './lean-connection.ts';
import type { Target } from './orders.ts';

const NS = {
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  ping: 'urn:xmpp:ping',
} as const;
const RESOURCE = 'r';
const FEATURES = /<\/(?:stream:)?features>/;
const CHALLENGE = /<challenge[^>]*>([^<]*)<\/challenge>|<failure[\s\S]*?<\/failure>/;
const SUCCESS = /<success[^>]*?(?:\/>|>[\s\S]*?<\/success>)|<failure[\s\S]*?<\/failure>/;
const BOUND = /<iq[^>]*\bid=['"]bind['"][\s\S]*?<\/iq>/;
const ANSWERED = /<iq[^>]*\bid=['"]ping['"][^>]*>/;
const REQUEST = /<iq\b[^>]*\btype=['"]get['"][^>]*>/;

/** RFC 6120 §8.3.2: the server says that it may be tried again. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
}

/** One account that is logged in. */
export interface Session {
  readonly connection: LeanConnection;
  /** The bare JID. */
  readonly jid: string;
}

/** Connects, authenticates, binds, becomes available; over when a ping behind the presence is answered. @throws WaitError, Error with what came instead */
export async function logIn(target: Target, keys: SharedKeys, user: number): Promise<Session> {
  const username = `${target.prefix}${(target.firstUser ?? 0) + user}`;
  const connection = await LeanConnection.open(target, user);
  try {
    const sasl = new ScramLogin(keys, username);
    connection.openStream();
    await connection.read(FEATURES);
    connection.write(`<auth xmlns='${NS.sasl}' mechanism='${keys.mechanism}'>${sasl.first()}</auth>`);
    const [refused, challenge] = await connection.read(CHALLENGE);
    if (challenge === undefined) throw new Error(`${username}: ${refused}`);
    connection.write(`<response xmlns='${NS.sasl}'>${sasl.final(challenge)}</response>`);
    const [outcome] = await connection.read(SUCCESS);
    if (!outcome.startsWith('<success')) throw new Error(`${username}: ${outcome}`);
    connection.openStream();
    await connection.read(FEATURES);
    const ns = connection.stanzaNamespace;
    connection.write(
      `<iq${ns} type='set' id='bind'><bind xmlns='${NS.bind}'><resource>${RESOURCE}</resource></bind></iq>`,
    );
    const [bound] = await connection.read(BOUND);
    if (!bound.includes('<jid>'))
      throw new (/<error[^>]*type=['"]wait/.test(bound) ? WaitError : Error)(`${username}: ${bound}`);
    connection.write(`<presence${ns}/>`);
    connection.write(`<iq${ns} type='get' id='ping' to='${target.domain}'><ping xmlns='${NS.ping}'/></iq>`);
    await connection.read(ANSWERED);
    return { connection, jid: `${username}@${target.domain}` };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** RFC 6120 §8.2.3: what a server asks a client that does nothing is a ping (XEP-0199); it wants an answer. */
export function answerPings({ connection }: Session, text: string): void {
  const [request] = REQUEST.exec(text) ?? [];
  if (request === undefined) return;
  const [, id = ''] = /\bid=['"]([^'"]*)['"]/.exec(request) ?? [];
  connection.write(`<iq${connection.stanzaNamespace} type='result' id='${id}'/>`);
}
