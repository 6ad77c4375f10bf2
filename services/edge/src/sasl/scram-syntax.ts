import { SaslError } from './sasl-error.ts';

/** client-first-message of RFC 5802 §7. */
export interface ClientFirst {
  /** Flag, authzid and their commas: what `c=` repeats. */
  readonly gs2Header: string;
  /** n: the client binds to nothing · y: it would, had the server offered it · p: to what it names in `binding` (RFC 5802 §6). */
  readonly flag: 'n' | 'y' | 'p';
  /** '' unless the flag is p. */
  readonly binding: string;
  readonly authzid: string;
  /** client-first-message-bare: what goes into the proof. */
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

/** client-final-message of RFC 5802 §7. */
export interface ClientFinal {
  /** Base64, unverified. */
  readonly channelBinding: string;
  readonly nonce: string;
  /** Base64, unverified. */
  readonly proof: string;
  readonly withoutProof: string;
}

// printable of RFC 5802 §7: all of visible ASCII but the comma.
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
/** cb-name of RFC 5802 §7. */
const BINDING = /^p=([A-Za-z0-9.-]+)$/;
const EXTENSION = /^[A-Za-z]=[^\0]+$/;

/**
 * Optional extensions are passed over; a mandatory one (`m=`) is refused, as we know none (RFC 5802 §5.1).
 * @throws SaslError malformed-request
 */
export function parseClientFirst(text: string): ClientFirst {
  const flagEnd = text.indexOf(',');
  const headerEnd = text.indexOf(',', flagEnd + 1);
  if (flagEnd < 0 || headerEnd < 0) throw malformed('no GS2 header');
  const flag = text.slice(0, flagEnd);
  const binding = BINDING.exec(flag)?.[1];
  if (flag !== 'n' && flag !== 'y' && binding === undefined) throw malformed('no channel binding flag');
  const authzid = text.slice(flagEnd + 1, headerEnd);
  const bare = text.slice(headerEnd + 1);
  const [username, nonce, ...extensions] = bare.split(',');
  checkExtensions(extensions);
  return {
    gs2Header: text.slice(0, headerEnd + 1),
    flag: flag === 'n' || flag === 'y' ? flag : 'p',
    binding: binding ?? '',
    authzid: authzid === '' ? '' : unescapeName(attributeValue(authzid, 'a')),
    bare,
    username: unescapeName(attributeValue(username, 'n')),
    nonce: checkNonce(attributeValue(nonce, 'r')),
  };
}

/** @throws SaslError malformed-request */
export function parseClientFinal(text: string): ClientFinal {
  // The proof comes last, and base64 has no comma.
  const proofStart = text.lastIndexOf(',');
  const withoutProof = text.slice(0, Math.max(proofStart, 0));
  const [channelBinding, nonce, ...extensions] = withoutProof.split(',');
  checkExtensions(extensions);
  return {
    channelBinding: attributeValue(channelBinding, 'c'),
    nonce: checkNonce(attributeValue(nonce, 'r')),
    proof: attributeValue(text.slice(proofStart + 1), 'p'),
    withoutProof,
  };
}

function checkExtensions(extensions: readonly string[]): void {
  for (const extension of extensions) {
    if (!EXTENSION.test(extension)) throw malformed('not an attribute');
    if (extension.startsWith('m=')) throw malformed('an unknown mandatory extension');
  }
}

function attributeValue(attribute: string | undefined, name: string): string {
  if (attribute === undefined || attribute.charAt(0) !== name || attribute.charAt(1) !== '=') {
    throw malformed(`no attribute ${name}`);
  }
  return attribute.slice(2);
}

function checkNonce(nonce: string): string {
  if (!NONCE.test(nonce)) throw malformed('a nonce that is not printable');
  return nonce;
}

/** saslname: ',' and '=' are written =2C and =3D, and no other '=' may stand in it. */
function unescapeName(name: string): string {
  if (name === '' || name.includes('\0')) throw malformed('a name that is empty or has a NUL');
  if (!name.includes('=')) return name;
  const unescaped = name.replaceAll('=2C', ',').replaceAll('=3D', '\0');
  if (unescaped.includes('=')) throw malformed('a stray = in a name');
  return unescaped.replaceAll('\0', '=');
}

const malformed = (text: string) => new SaslError('malformed-request', text);
