import type { Element } from '@starling/xml';
import { el } from './build.ts';
import { errorContent } from './errors.ts';
import { NS } from './ns.ts';

/** The conditions of RFC 6120 §4.9.3. */
export const STREAM_CONDITIONS = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const;
export type StreamCondition = (typeof STREAM_CONDITIONS)[number];

/** Closes the stream that it is thrown on; nothing else does (RFC 6120 §4.9.1.1). `text` goes out, so it holds no secrets. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly condition: StreamCondition;
  readonly text: string;
  readonly app: Element | undefined;

  constructor(
    condition: StreamCondition,
    text = '',
    { app, cause }: { readonly app?: Element; readonly cause?: unknown } = {},
  ) {
    super(text === '' ? condition : `${condition}: ${text}`, cause === undefined ? undefined : { cause });
    this.condition = condition;
    this.text = text;
    this.app = app;
  }

  /** `<error/>` in the namespace of streams (§4.9.2). */
  toElement(): Element {
    return el('error', NS.streams, {}, ...errorContent(NS.streamErrors, this.condition, this.text, this.app));
  }
}
