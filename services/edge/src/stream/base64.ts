import type { Element } from '@starling/xml';

/**
 * RFC 6120 §6.3.5 and §13.9.1: base64 with padding, its unused bits zero, and nothing else; '=' for nothing.
 * Undefined when it is not that.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text === '=') return new Uint8Array(0);
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from passes over what is wrong; writing it again shows it.
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const textOf = (element: Element): string => element.children.filter((c) => typeof c === 'string').join('');
