// Source: XEP-0191 1.3 — Blocking Command
import { randomUUID } from 'node:crypto';
import { blocks } from '@starling/contracts';
import { defineFeature, type Session, sessionSlot } from '@starling/feature-api';
import { bytes, configSpec } from '@starling/runtime';
import { Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { BlockLists, type BlocksChange, differences } from './block-lists.ts';
import { type Blocked, isBlocked } from './is-blocked.ts';
import { readBlocks, writeBlocks } from './kept-blocks.ts';
import { blockedError, blockingElement, itemsOf, NS } from './request.ts';

/** The session has asked for the list: it hears of changes (§3.3). */
const isInterested = sessionSlot<boolean>('blocking.interested', false);
/** The session holds its user's list. */
const holdsList = sessionSlot<boolean>('blocking.holds', false);
/** Of one that goes on: what its client knew of the list. */
const knewOf = sessionSlot<ReadonlySet<string> | undefined>('blocking.knew', undefined);
/** Of one that is over: its user's list then, for what it had sent before. */
const leftWith = sessionSlot<Blocked | undefined>('blocking.left', undefined);

/** In the record of a session that can be resumed: the items that its client knows of; without it, it is not interested. */
const KEPT = 'blocking';
/** There too, unless it is long: the user's whole list. */
const LIST = 'blocking.list';

export const blockingConfig = configSpec({
  keptBytesMax: bytes(
    'STARLING_BLOCKING_KEPT_BYTES_MAX',
    '16KiB',
    { max: '128KiB' },
    'of a block list in the record of a session that can be resumed; of a longer one it is read again when its session goes on elsewhere',
  ),
});

export default defineFeature({
  name: 'blocking',
  xep: { number: 191, version: '1.3', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: { server: [NS.blocking] },
  config: blockingConfig,
  setup({ iq, on, call, wishes, domain, config }) {
    const lists = new BlockLists((user) => wishes.blocks(user));

    on('session:bound', 'guard', ({ session, kept }) => {
      holdsList.set(session, true);
      // Without its list no session is bound. What has changed since it was kept the user's log says in its turn.
      const loading = lists.hold(session.user, readBlocks(kept?.get(LIST)));
      return loading === undefined ? 'next' : loading.then(() => 'next' as const);
    });
    on('session:ended', 'observe', ({ session }) => {
      if (!holdsList.get(session)) return 'next';
      leftWith.set(session, lists.find(session.user));
      lists.release(session.user);
      return 'next';
    });

    on('session:saved', 'observe', ({ session, kept }) => {
      const list = writeBlocks(lists.settled(session.user), config.keptBytesMax);
      if (list !== undefined) kept.set(LIST, list);
      if (isInterested.get(session)) kept.set(KEPT, [...lists.logged(session.user)].join('\n'));
      return 'next';
    });
    on('session:restored', 'observe', ({ session, kept }) => {
      const knew = kept.get(KEPT);
      if (knew === undefined) return 'next';
      isInterested.set(session, true);
      knewOf.set(session, new Set(knew === '' ? [] : knew.split('\n')));
      return 'next';
    });
    on('session:resumed', 'observe', ({ session }) => {
      const knew = knewOf.get(session);
      if (knew !== undefined) tell(session, { cleared: false, ...differences(knew, lists.logged(session.user)) });
      knewOf.set(session, undefined);
      return 'next';
    });

    iq.get(NS.blocking, 'blocklist', ['account'], ({ session }) => {
      isInterested.set(session, true);
      return blockingElement('blocklist', lists.now(session.user));
    });
    iq.set(NS.blocking, 'block', ['account'], async ({ payload, session: { user } }) => {
      const block = itemsOf(payload);
      if (block.length === 0) throw new StanzaError('bad-request'); // §3.3
      lists.learn(user, await call(blocks.change, { user, block, unblock: [], unblockAll: false }));
      return undefined;
    });
    iq.set(NS.blocking, 'unblock', ['account'], async ({ payload, session: { user } }) => {
      const unblock = itemsOf(payload);
      lists.learn(user, await call(blocks.change, { user, block: [], unblock, unblockAll: unblock.length === 0 }));
      return undefined;
    });

    // §3.3, out: also what the server would answer itself in the name of whom the user has blocked; never what it says in its own.
    on('client:stanza', 'guard', ({ session, stanza: { to } }) => {
      const { user } = session;
      const list = leftWith.get(session) ?? lists.now(user);
      return to !== domain && isBlocked(list, to, user) ? blockedError() : 'next';
    });

    // §3.3, in: nobody may see by the answer that it is another one than of somebody who is not there.
    on('user:stanza', 'guard', ({ user, from, kind, type, durable }) => {
      const list = durable ? lists.logged(user) : lists.now(user);
      if (from === domain || !isBlocked(list, from, user)) return 'next';
      const isRequest = kind === 'iq' && (type === 'get' || type === 'set');
      return kind === 'message' || isRequest ? new StanzaError('service-unavailable') : 'handled';
    });

    on('user:blocks', 'deliver', ({ user, list, sessions }) => {
      const change = lists.entry(user, list);
      if (change === undefined) return 'next';
      for (const session of sessions) {
        if (!isInterested.get(session)) continue;
        tell(session, change);
        if (knewOf.get(session) !== undefined) knewOf.set(session, new Set(list.jids));
      }
      return 'next';
    });
  },
});

/** §3.3: pushes to a session that is interested. */
function tell(session: Session, { cleared, unblocked, blocked }: BlocksChange): void {
  const pushes: Element[] = [];
  if (cleared) pushes.push(blockingElement('unblock', []));
  if (unblocked.length > 0) pushes.push(blockingElement('unblock', unblocked));
  if (blocked.length > 0) pushes.push(blockingElement('block', blocked));
  for (const push of pushes) session.send(Stanza.build('iq', { type: 'set', id: randomUUID(), to: session.jid }, push));
}
