import { attributeOf } from '../presence/parse-presence.ts';
import { ScramLogin, type SharedKeys } from '../presence/scram.ts';
import type { Wire } from './wire.ts';

export const NS = {
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  sm: 'urn:xmpp:sm:3',
} as const;

export interface Account {
  readonly domain: string;
  readonly username: string;
  readonly resource: string;
  readonly keys: SharedKeys;
}

/** A step was refused, in the server's words. */
export class RefusedStepError extends Error {
  override readonly name = 'RefusedStepError';
}

/** What an answer to `<resume/>` says: `h` is what the server has handled, undefined when it does not know. */
export interface ResumeAnswer {
  readonly resumed: boolean;
  readonly h: number | undefined;
  /** Of a failure. */
  readonly condition: string;
}

export const tagOf = (element: string): string => element.slice(0, element.indexOf('>'));

/** RFC 6120 §6, over a stream that is opened before and behind it. @throws RefusedStepError, WireClosedError */
export async function authenticate(wire: Wire, { domain, username, keys }: Account): Promise<void> {
  const sasl = new ScramLogin(keys, username);
  wire.openStream(domain);
  await expect(wire, '<stream:features');
  wire.write(`<auth xmlns='${NS.sasl}' mechanism='${keys.mechanism}'>${sasl.first()}</auth>`);
  const challenge = await expect(wire, '<challenge');
  const response = sasl.final(challenge.slice(challenge.indexOf('>') + 1, challenge.lastIndexOf('<')));
  wire.write(`<response xmlns='${NS.sasl}'>${response}</response>`);
  await expect(wire, '<success');
  wire.openStream(domain);
  await expect(wire, '<stream:features');
}

/** XEP-0198 §5, behind authentication. @throws RefusedStepError, WireClosedError */
export async function resume(wire: Wire, previd: string, h: number): Promise<ResumeAnswer> {
  wire.write(`<resume xmlns='${NS.sm}' previd='${previd}' h='${h}'/>`);
  const answer = await wire.next();
  const handled = attributeOf(tagOf(answer), 'h');
  const count = handled === '' ? undefined : Number(handled);
  if (answer.startsWith('<resumed')) return { resumed: true, h: count, condition: '' };
  if (!answer.startsWith('<failed')) throw new RefusedStepError(answer);
  const [, condition = ''] = /<failed[^>]*>\s*<([\w-]+)/.exec(answer) ?? [];
  return { resumed: false, h: count, condition };
}

/** RFC 6120 §7 and XEP-0198 §3; returns the session's id. What comes in between is `unread`. @throws RefusedStepError, WireClosedError */
export async function bind(
  wire: Wire,
  { resource }: Account,
  maxSeconds: number | undefined,
  unread: (element: string) => void,
): Promise<string> {
  wire.stanza(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`);
  const bound = await expect(wire, '<iq');
  if (attributeOf(tagOf(bound), 'type') !== 'result') throw new RefusedStepError(bound);
  const max = maxSeconds === undefined ? '' : ` max='${maxSeconds}'`;
  wire.write(`<enable xmlns='${NS.sm}' resume='true'${max}/>`);
  for (;;) {
    const element = await wire.next();
    if (element.startsWith('<enabled')) {
      const id = attributeOf(tagOf(element), 'id');
      if (id === '') throw new RefusedStepError(element);
      return id;
    }
    if (element.startsWith('<failed') || element.startsWith('<stream:error')) throw new RefusedStepError(element);
    unread(element);
  }
}

async function expect(wire: Wire, start: string): Promise<string> {
  const element = await wire.next();
  if (!element.startsWith(start)) throw new RefusedStepError(element);
  return element;
}
