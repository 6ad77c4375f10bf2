import type { Element } from '@starling/xml';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** RFC 6120 §6.3.5 and §13.9.1: strict base64, '=' for nothing. Undefined when it is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text === '=' || text === '') return new Uint8Array(0);
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

export const textOf = (element: Element): string => element.children.filter((c) => typeof c === 'string').join('');
