import { makeBareJid, makeFullJid } from '@starling/jid';
import type { StreamError } from '@starling/stanza';
import { serialize } from '@starling/xml';
import { ClientSession, type HandleStanza, type Link } from '../session.ts';

export interface TestSession {
  readonly session: ClientSession;
  /** Stanzas for the client, and '!<condition>' for the end of its stream. */
  readonly sent: string[];
}

/** A session whose stream is a list. */
export function makeSession(
  options: { user?: string; resource?: string; id?: string; lang?: string; handle?: HandleStanza } = {},
): TestSession {
  const sent: string[] = [];
  const link: Link = {
    peerAddress: '127.0.0.1',
    loopback: true,
    lang: options.lang ?? '',
    heardAt: 0,
    bufferedBytes: 0,
    writeElement: (element) => void sent.push(serialize(element)),
    destroy: () => void sent.push('!'),
    leave: () => void sent.push('!restart'),
    write: (encoded) => void sent.push(Buffer.from(encoded).toString()),
    stall: () => undefined,
    unstall: () => undefined,
    fail: (error: StreamError) => void sent.push(`!${error.condition}`),
  };
  const session = new ClientSession(
    {
      id: options.id ?? 'session-1',
      jid: makeFullJid(makeBareJid(options.user ?? 'romeo', 'localhost'), options.resource ?? 'orchard'),
      link,
    },
    {
      edge: 'e1',
      handle: options.handle ?? (() => undefined),
      queue: { max: 10, bytesMax: 10_000 },
      onQueueFull: () => undefined,
      logEndOf: () => undefined,
      viewMax: 1_000,
    },
  );
  return { session, sent };
}
