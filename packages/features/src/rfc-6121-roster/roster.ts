// Source: RFC 6121 §2 (managing the roster), and what of §3 goes to the user's own resources.
import { type RosterChange, type RosterReply, type RosterVersion, rosters } from '@starling/contracts';
import { defineFeature, type Session, sessionSlot } from '@starling/feature-api';
import { isFull } from '@starling/jid';
import { configSpec, duration, int } from '@starling/runtime';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import { ClientRoster, type Push } from './client-roster.ts';
import { type Repairable, Repairs } from './repairs.ts';
import { readVersion, writeVersion } from './roster-version.ts';
import { pushStanza, queryElement, readItem } from './roster-xml.ts';

/** Of an interested resource (§2.2): one that has asked for the roster. */
const rosterOf = sessionSlot<ClientRoster | undefined>('roster', undefined);

/** In the record of a session that can be resumed: the version that its client has. */
const KEPT = 'roster';

export const clientRosterConfig = configSpec({
  earlyMax: int(
    'STARLING_ROSTER_EARLY_MAX',
    64,
    { min: 1, max: 10_000 },
    'changes of a roster that came before their turn and are kept for one session; of more the difference is fetched',
  ),
  repairGraceMs: duration(
    'STARLING_ROSTER_REPAIR_GRACE',
    '50ms',
    { max: '10s' },
    'how long a change of a roster that is missing may still come by itself',
  ),
  repairRetryMs: duration(
    'STARLING_ROSTER_REPAIR_RETRY',
    '200ms',
    { min: '10ms', max: '10s' },
    'before what is missing is fetched again; doubled each time',
  ),
  repairAttemptsMax: int(
    'STARLING_ROSTER_REPAIR_ATTEMPTS_MAX',
    6,
    { min: 1, max: 20 },
    'times that it is fetched; then it comes with the next change',
  ),
  repairsMax: int(
    'STARLING_ROSTER_REPAIRS_MAX',
    16,
    { min: 1, max: 1_000 },
    'users of one edge whose rosters are repaired at the same time',
  ),
});

export default defineFeature({
  name: 'roster',
  rfc: { number: 6121, sections: '2' },
  runsOn: ['edge'],
  disco: {},
  config: clientRosterConfig,
  setup({ iq, on, call, streamFeature, config }) {
    const repairs = new Repairs({
      fetch: (user, version) => call(rosters.get, { user, known: true, version }),
      graceMs: config.repairGraceMs,
      retryMs: config.repairRetryMs,
      attemptsMax: config.repairAttemptsMax,
      fetchesMax: config.repairsMax,
    });
    streamFeature('after-auth', el('ver', NS.rosterVersioning)); // §2.6.1

    on('client:stanza', 'guard', ({ session, stanza }) => {
      const { kind, type, to } = stanza;
      const isForSomebodyElse = kind === 'iq' && type === 'set' && to !== '' && to !== session.user && !isFull(to);
      // §2.1.5. A get hears service-unavailable, as whatever else is asked of somebody else's account.
      return isForSomebodyElse && stanza.has(NS.roster, 'query') ? new StanzaError('forbidden') : 'next';
    });

    iq.get(NS.roster, 'query', ['account'], async ({ payload, session, onAnswered }) => {
      if (payload.children.some((c) => typeof c !== 'string')) throw new StanzaError('bad-request'); // §2.1.3
      const known = readVersion(payload.attrs.ver);
      const roster = rosterOf.get(session) ?? new ClientRoster(config.earlyMax);
      rosterOf.set(session, roster);
      const reply = await ask(session, roster, known);
      const isDifference = reply.difference && known !== undefined;
      onAnswered(() => {
        // §2.6.3: an empty result, and then the modifications as pushes.
        push(session, roster.answered(isDifference ? known : reply.version));
        if (isDifference) push(session, roster.catchUp(reply));
        repairIfBehind(session, roster);
      });
      return isDifference ? undefined : queryElement(reply.version, reply.items);
    });

    iq.set(NS.roster, 'query', ['account'], async ({ payload, session }) => {
      await call(rosters.set, { user: session.user, item: readItem(payload) });
      return undefined;
    });

    on('user:roster', 'deliver', ({ change, sessions }) => {
      const stanza = change.type === '' ? undefined : Stanza.decode(change.stanza);
      for (const session of sessions) {
        const roster = rosterOf.get(session);
        if (stanza !== undefined && hears(session, roster, change)) session.send(stanza); // before the push: §3.1.6, §3.2.3, §3.3.3
        if (change.item == null || roster === undefined) continue;
        push(session, roster.offer(change.version, change.item));
        repairIfBehind(session, roster);
      }
      return 'next';
    });

    on('session:saved', 'observe', ({ session, kept }) => {
      const version = rosterOf.get(session)?.version;
      if (version !== undefined) kept.set(KEPT, writeVersion(version));
      return 'next';
    });
    on('session:restored', 'observe', ({ session, kept }) => {
      const version = readVersion(kept.get(KEPT));
      if (version !== undefined) rosterOf.set(session, new ClientRoster(config.earlyMax, version));
      return 'next';
    });
    on('session:resumed', 'observe', ({ session }) => {
      const roster = rosterOf.get(session);
      if (roster !== undefined) repairs.request(session.user, [repairable(session, roster)], true);
      return 'next';
    });

    on('user:missed', 'deliver', ({ user, sessions }) => {
      const clients = [...sessions].flatMap((session) => {
        const roster = rosterOf.get(session);
        return roster === undefined ? [] : [repairable(session, roster)];
      });
      if (clients.length > 0) repairs.request(user, clients, true);
      return 'next';
    });

    async function ask(
      session: Session,
      roster: ClientRoster,
      version: RosterVersion | undefined,
    ): Promise<RosterReply> {
      roster.ask();
      try {
        return await call(rosters.get, { user: session.user, known: version !== undefined, version });
      } catch (error) {
        push(session, roster.answered(undefined));
        throw error;
      }
    }

    function repairIfBehind(session: Session, roster: ClientRoster): void {
      if (roster.isBehind) repairs.request(session.user, [repairable(session, roster)], false);
    }
  },
});

/** §3.1.3: requests go to available resources; §3.1.6, §3.2.3, §3.3.3: what becomes of them to interested ones. */
const hears = (session: Session, roster: ClientRoster | undefined, { type }: RosterChange): boolean =>
  type === 'subscribe' ? session.available : roster !== undefined;

function push(session: Session, pushes: readonly Push[]): void {
  for (const { version, item } of pushes) session.send(pushStanza(session.jid, version, item));
}

const repairable = (session: Session, roster: ClientRoster): Repairable => ({
  get version() {
    return roster.version;
  },
  get isBehind() {
    return roster.isBehind;
  },
  catchUp: (reply) => push(session, roster.catchUp(reply)),
});
