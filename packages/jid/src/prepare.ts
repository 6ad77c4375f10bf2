import { enforceDomainCached } from './domain.ts';
import { JidError } from './jid-error.ts';
import { isPlainDomain, isPlainLocal, isPlainResource, PART_BYTES_MAX } from './plain.ts';
import { enforceOpaqueString, enforceUsernameCaseMapped } from './precis.ts';

/**
 * UTF-16 units of a part before it is prepared. The length that counts is that of the prepared form, but no mapping makes one
 * character of more than four, and hostile input should not cost its length squared.
 */
const RAW_UNITS_MAX = 4 * PART_BYTES_MAX;

const EXCLUDED_FROM_LOCAL = /["&'/:<>@]/; // RFC 7622 §3.3.1

/**
 * A localpart in the form that is compared and stored (RFC 7622 §3.3).
 * @throws JidError
 */
export function prepareLocal(text: string): string {
  if (isPlainLocal(text, 0, text.length)) return text;
  return prepared('localpart', text, (raw) => {
    const local = enforceUsernameCaseMapped(raw);
    if (EXCLUDED_FROM_LOCAL.test(local)) throw new JidError('one of the characters " & \' / : < > @');
    return local;
  });
}

/**
 * A domainpart in the form that is compared and stored (RFC 7622 §3.2).
 * @throws JidError
 */
export function prepareDomain(text: string): string {
  return isPlainDomain(text, 0, text.length) ? text : prepared('domainpart', text, enforceDomainCached);
}

/**
 * A resourcepart in the form that is compared and stored (RFC 7622 §3.4).
 * @throws JidError
 */
export function prepareResource(text: string): string {
  return isPlainResource(text, 0, text.length) ? text : prepared('resourcepart', text, enforceOpaqueString);
}

function prepared(part: string, text: string, enforce: (text: string) => string): string {
  if (text === '') throw new JidError(`empty ${part}`);
  if (text.length > RAW_UNITS_MAX) throw new JidError(`${part}: too long`);
  let result: string;
  try {
    result = enforce(text);
  } catch (cause) {
    // Policy: say which part it was.
    throw cause instanceof JidError ? new JidError(`${part}: ${cause.reason}`, { cause }) : cause;
  }
  if (result === '') throw new JidError(`empty ${part}`);
  if (Buffer.byteLength(result) > PART_BYTES_MAX) throw new JidError(`${part}: too long`);
  return result;
}
