import { JidError } from './jid-error.ts';
import { isPlainDomain, isPlainLocal, isPlainResource } from './plain.ts';
import { prepareDomain, prepareLocal, prepareResource } from './prepare.ts';

declare const brand: unique symbol;

/** `local@domain` or `domain`, prepared: equal addresses are equal strings. */
export type BareJid = string & { readonly [brand]: 'bare' };
/** A bare JID with `/resource`, prepared. */
export type FullJid = string & { readonly [brand]: 'full' };
/** An address in the form of RFC 7622, prepared part by part. */
export type Jid = BareJid | FullJid;

/**
 * Parses and prepares an address. RFC 7622 §3.2: the resourcepart begins behind the first slash, the localpart ends before the
 * first @ in what is left, and both are found before anything is mapped.
 * @throws JidError
 */
export function parseJid(text: string): Jid {
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  const at = atBefore(text, end);
  if (
    isPlainDomain(text, at + 1, end) &&
    (at < 0 || isPlainLocal(text, 0, at)) &&
    (slash < 0 || isPlainResource(text, slash + 1, text.length))
  ) {
    return text as Jid;
  }
  const domain = prepareDomain(text.slice(at + 1, end));
  const bare = at < 0 ? domain : `${prepareLocal(text.slice(0, at))}@${domain}`;
  return (slash < 0 ? bare : `${bare}/${prepareResource(text.slice(slash + 1))}`) as Jid;
}

/** parseJid, or undefined where that throws. */
export function tryParseJid(text: string): Jid | undefined {
  if (text === '') return undefined; // the most frequent one: an attribute that is absent
  try {
    return parseJid(text);
  } catch (error) {
    // Policy: an address that is none is an answer here; anything else is a bug.
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/**
 * parseJid for an address that must have no resource.
 * @throws JidError also when there is one
 */
export function parseBareJid(text: string): BareJid {
  const jid = parseJid(text);
  if (isFull(jid)) throw new JidError('a resourcepart where none belongs');
  return jid;
}

/**
 * The address of one resource of an account; the resource is prepared.
 * @throws JidError
 */
export function makeFullJid(bare: BareJid, resource: string): FullJid {
  return `${bare}/${prepareResource(resource)}` as FullJid;
}

/**
 * The address of an account, or of a domain when `local` is empty; both are prepared.
 * @throws JidError
 */
export function makeBareJid(local: string, domain: string): BareJid {
  const prepared = prepareDomain(domain);
  return (local === '' ? prepared : `${prepareLocal(local)}@${prepared}`) as BareJid;
}

/** The address without its resource. */
export function bareOf(jid: Jid): BareJid {
  const slash = jid.indexOf('/');
  return (slash < 0 ? jid : jid.slice(0, slash)) as BareJid;
}

/** The localpart, or ''. */
export function localOf(jid: Jid): string {
  const slash = jid.indexOf('/');
  const at = atBefore(jid, slash < 0 ? jid.length : slash);
  return at < 0 ? '' : jid.slice(0, at);
}

/** The domainpart. */
export function domainOf(jid: Jid): string {
  const slash = jid.indexOf('/');
  const end = slash < 0 ? jid.length : slash;
  return jid.slice(atBefore(jid, end) + 1, end);
}

/** The resourcepart, or ''. */
export function resourceOf(jid: Jid): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? '' : jid.slice(slash + 1);
}

export function isFull(jid: Jid): jid is FullJid {
  return jid.includes('/');
}

/** Where the first @ before `end` is, or -1: an @ in the resourcepart separates nothing. */
function atBefore(text: string, end: number): number {
  const at = text.indexOf('@');
  return at < end ? at : -1;
}
