// k6/encoding, as far as the scripts of loadtest/k6 use it.
type Variant = 'std' | 'rawurl';

const nameOf = (variant: Variant) => (variant === 'std' ? 'base64' : 'base64url');

export const b64encode = (input: string | ArrayBuffer, variant: Variant): string =>
  (typeof input === 'string' ? Buffer.from(input) : Buffer.from(input)).toString(nameOf(variant));

export function b64decode(text: string, variant: Variant): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, nameOf(variant))).buffer;
}
