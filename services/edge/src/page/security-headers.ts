import type { HttpHeaders } from '@starling/feature-api';

/** On every file of the page. */
export const SECURITY_HEADERS: HttpHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** Of the style elements that Converse.js makes for each of its modules, without a rule in them: empty, then with an empty source map. */
const EMPTY_STYLES = [
  'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  'sha256-JRf3eZJIF59VkE1tlxlBPiCQXjGJ1uE88pEYh49RtTY=',
];

/** Everything comes from this server (no trusted types: Strophe.js parses XML, which is one of their sinks); pictures also out of a message's own data. */
const POLICY: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src-elem': ["'self'", ...EMPTY_STYLES.map((hash) => `'${hash}'`)].join(' '),
  // Its templates have style attributes; a style can fetch nothing that the other lines do not allow.
  'style-src-attr': "'unsafe-inline'",
  'img-src': "'self' data: blob:",
  'font-src': "'self'",
  'media-src': "'self'",
  // 'self' is also the WebSocket of the same host (CSP 3 §6.7.2.8).
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** On the document itself. */
export const CONTENT_SECURITY: HttpHeaders = {
  'content-security-policy': Object.entries(POLICY)
    .map(([name, value]) => `${name} ${value}`)
    .join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
};
