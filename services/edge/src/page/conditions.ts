/** RFC 9110 §12.5.3: whether Accept-Encoding names a coding, and not with the weight zero. `*` is for proxies; nobody who wants one leaves its name out. */
export function acceptsEncoding(header: string | undefined, coding: string): boolean {
  return (header ?? '').split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q\s*=\s*0(\.0{0,3})?$/.test(parameter));
  });
}

/** RFC 9110 §13.1.2: whether If-None-Match names this tag; the comparison is weak. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === tag);
}
