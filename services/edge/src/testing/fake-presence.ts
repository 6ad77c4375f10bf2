import { type Bus, type Records, RpcError, serve } from '@starling/bus';
import {
  COPY,
  decodeNodeBatch,
  type EdgeBatch,
  type Emission,
  encodeEdgeBatch,
  encodeEnvelope,
  encodeSessionTable,
  FATE,
  KIND,
  type NodeBatch,
  presence,
  SESSION_STATE,
  type SessionEvent,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { joinGroup, type Membership, type OwnersConfig } from '@starling/owners';
import { MetricsRegistry, silentLogger } from '@starling/runtime';

interface Row extends SessionEvent {
  readonly edge: string;
}

/** A presence node that owns everybody, keeps no order of its own, and knows who watches whom because the test says so. */
export interface FakePresence {
  readonly id: string;
  readonly membership: Membership;
  /** Everything that edges have sent. */
  readonly batches: readonly NodeBatch[];
  /** Who watches whom, besides everybody himself. */
  watch(watcher: string, watched: string): void;
  /** To one edge; `sequence` goes on by itself unless it is given. */
  send(edge: string, batch: Partial<EdgeBatch>): void;
  /** Refuses binds as somebody who is still learning. */
  learning: boolean;
  /** Refuses binds because there are too many. */
  full: boolean;
  /** What is answered to who asks whether he may see somebody. */
  visible: boolean;
  stop(): Promise<void>;
}

export async function startFakePresence(options: {
  bus: Bus;
  records: Records;
  owners: OwnersConfig;
  id?: string;
}): Promise<FakePresence> {
  const { bus, records, owners: config, id = 'presence-1' } = options;
  const membership = await joinGroup({
    ...{ bus, records, config, id, group: 'presence' },
    logger: silentLogger,
    metrics: new MetricsRegistry(),
  });
  const users = new Map<string, Map<string, Row>>();
  const watchers = new Map<string, Set<string>>();
  const sequences = new Map<string, number>();
  const batches: NodeBatch[] = [];
  let version = 0;

  const sessionsOf = (user: string) =>
    users.get(user) ?? users.set(user, new Map()).get(user) ?? new Map<string, Row>();
  const tableOf = (user: string) => ({
    user,
    epoch: 1,
    version: ++version,
    rows: [...sessionsOf(user).values()].map(
      ({ resource, session, state, priority, boundAt, edge, carbons, epoch }) => ({
        ...{ resource, session, state, priority, boundAt, edge, carbons, epoch },
      }),
    ),
  });
  function publishTable(user: string): void {
    const owner = user as BareJid;
    bus.publish(
      subjects.user(owner),
      encodeEnvelope({
        ...{ id: '', owner, from: owner, to: owner, kind: KIND.sessionTable, type: '', fate: FATE.live },
        ...{ copy: COPY.received, hints: 0, origin: id, sentAtMs: 0, after: 0 },
        stanza: encodeSessionTable(tableOf(user)),
      }),
    );
  }
  function send(edge: string, batch: Partial<EdgeBatch>): void {
    const sequence = batch.sequence ?? (sequences.get(edge) ?? 0) + 1;
    sequences.set(edge, sequence);
    const { incarnation, epoch } = membership;
    const empty = { node: id, incarnation, epoch, emissions: [], requests: [], wanted: [], missed: false };
    bus.publish(subjects.edge(edge), encodeEdgeBatch({ ...empty, ...batch, sequence }));
  }
  function emit(emission: Emission): void {
    const edges = new Set(
      emission.to.flatMap((to) => [...sessionsOf(to.split('/')[0] ?? '').values()].map((row) => row.edge)),
    );
    for (const edge of edges) send(edge, { emissions: [emission] });
  }
  const emissionOf = (event: SessionEvent, to: readonly string[], unavailable: boolean): Emission => ({
    from: `${event.user}/${event.resource}`,
    ...{ stamp: event.stamp, unavailable, presence: event.presence, to, toSeen: false, always: !unavailable },
  });
  function happened(edge: string, event: SessionEvent): void {
    const sessions = sessionsOf(event.user);
    const known = sessions.get(event.resource);
    if (known !== undefined && known.session !== event.session) return;
    const wasAvailable = known?.state === SESSION_STATE.available;
    const isAvailable = !event.ended && event.state === SESSION_STATE.available;
    if (event.ended) sessions.delete(event.resource);
    else sessions.set(event.resource, { ...event, edge });
    publishTable(event.user);
    const audience = [event.user, ...(watchers.get(event.user) ?? [])];
    if (isAvailable) emit(emissionOf(event, audience, false));
    else if (wasAvailable) emit(emissionOf(event, [...audience, `${event.user}/${event.resource}`], true));
    if (!isAvailable || wasAvailable) return;
    const prober = `${event.user}/${event.resource}`;
    for (const [watched, all] of watchers) {
      if (all.has(event.user)) answer(watched, prober);
    }
    answer(event.user, prober);
  }
  function answer(watched: string, prober: string): void {
    for (const row of sessionsOf(watched).values())
      if (row.state === SESSION_STATE.available) emit({ ...emissionOf(row, [prober], false), always: false });
  }

  const subscriptions = [
    bus.subscribe(subjects.node(id), ({ data }) => {
      const batch = decodeNodeBatch(data);
      batches.push(batch);
      for (const event of batch.events) happened(batch.sender, event);
      // What was missed may have been a table.
      for (const state of batch.states) if (state.missed) for (const { user } of state.sessions) publishTable(user);
    }),
    serve(
      bus,
      presence.bind(id),
      'fake',
      async ({ user, resource, session, edge, resumed }) => {
        if (fake.learning) throw new RpcError('unexpected-request');
        if (fake.full) throw new RpcError('resource-constraint');
        const sessions = sessionsOf(user);
        if (resumed) {
          sessions.set(resource, { ...resumed, edge });
          publishTable(user);
          return { boundAt: resumed.boundAt, table: tableOf(user) };
        }
        const older = sessions.get(resource);
        const boundAt = Math.max(Date.now(), (older?.stamp ?? 0) + 1, (older?.boundAt ?? 0) + 1);
        const row = { user, resource, session, state: SESSION_STATE.connected, priority: 0, boundAt, stamp: 0 };
        sessions.set(resource, {
          ...row,
          presence: new Uint8Array(0),
          ended: false,
          directed: [],
          carbons: false,
          windowMs: 0,
          epoch: 0,
          edge,
        });
        if (older?.state === SESSION_STATE.available) emit(emissionOf(older, [user], true));
        publishTable(user);
        return { boundAt, table: tableOf(user) };
      },
      (error) => Promise.reject(error),
    ),
    serve(
      bus,
      presence.visible(id),
      'fake',
      async () => ({ visible: fake.visible }),
      (error) => Promise.reject(error),
    ),
  ];
  const fake: FakePresence = {
    id,
    membership,
    batches,
    learning: false,
    full: false,
    visible: false,
    watch: (watcher, watched) => {
      watchers.set(watched, (watchers.get(watched) ?? new Set()).add(watcher));
    },
    send,
    stop: async () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      await membership.close();
    },
  };
  return fake;
}
