// Source: XEP-0280 1.0.1 — Message Carbons
import { COPY, type Envelope } from '@starling/contracts';
import { defineFeature, type Session, wantsCarbons } from '@starling/feature-api';
import { isFull } from '@starling/jid';
import { configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';
import { CopiedIds } from './copied-ids.ts';
import { type Direction, encodeCarbon, NS } from './encode-carbon.ts';
import { shouldCopy } from './should-copy.ts';

/** In the record of a session that can be resumed. */
const KEPT = 'carbons';

export default defineFeature({
  name: 'carbons',
  xep: {
    number: 280,
    version: '1.0.1',
    status: 'complete',
    since: '0.2.0',
    note: 'with all rules of §6.1; private messages of rooms go to all of the user’s clients (§6.1: those that share the nick)',
  },
  runsOn: ['edge'],
  disco: { server: [NS.carbons, NS.rules], account: [NS.carbons, NS.rules] },
  config: configSpec({}),
  setup({ iq, bind, on, tellSession }) {
    const copied = new CopiedIds();

    for (const [name, wants] of [
      ['enable', true],
      ['disable', false],
    ] as const) {
      iq.set(NS.carbons, name, ['account', 'another-account'], ({ session, target }) => {
        if (target === 'another-account') throw new StanzaError('not-allowed'); // §4.1, §5.1
        if (wantsCarbons.get(session) === wants) return undefined; // §10.1
        wantsCarbons.set(session, wants);
        tellSession(session);
        return undefined;
      });
    }

    bind.inline(NS.carbons, 'enable', {
      before: (session) => wantsCarbons.set(session, true),
      after: (session) => {
        tellSession(session);
        return undefined;
      },
    });

    on('session:saved', 'observe', ({ session, kept }) => {
      if (wantsCarbons.get(session)) kept.set(KEPT, '');
      return 'next';
    });
    on('session:restored', 'observe', ({ session, kept }) => {
      wantsCarbons.set(session, kept.has(KEPT));
      return 'next';
    });

    on('user:delivered', 'copy', ({ user, envelope, position, stanza, sessions, delivered }) => {
      const takers = takersOf(envelope, sessions, delivered);
      if (takers === undefined) return 'next';
      const { type, hints } = envelope;
      const isSent = envelope.copy !== COPY.received; // of what he wrote to himself there is one copy, too
      const other = isSent ? envelope.to : envelope.from;
      const answersCopied = type === 'error' && copied.isAnsweredBy(user, other, stanza);
      if (!shouldCopy({ type, hints, isSent, isOtherFull: isFull(other), answersCopied }).copy) return 'next';
      if (type !== 'error') copied.add(user, other, stanza);
      const direction: Direction = isSent ? 'sent' : 'received';
      for (const session of takers) session.deliver(encodeCarbon(direction, user, session.jid, type, stanza), position);
      return 'next';
    });
  },
});

/** The sessions here that want copies and have neither sent the message nor got it (§7, §8); undefined when no session wants any. */
function takersOf(
  { origin }: Envelope,
  sessions: ReadonlyMap<string, Session>,
  delivered: readonly Session[],
): readonly Session[] | undefined {
  let takers: Session[] | undefined;
  for (const session of sessions.values()) {
    if (!wantsCarbons.get(session)) continue;
    takers ??= [];
    if (session.origin !== origin && !delivered.includes(session)) takers.push(session);
  }
  return takers;
}
