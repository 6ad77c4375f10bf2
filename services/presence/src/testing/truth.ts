import type { FakeSession } from './fake-edge.ts';
import type { World } from './world.ts';

/** What every available session should see now, against what it has been shown; '' when all views are right. */
export function differences(world: World): string {
  const here = [...world.edges.values()].flatMap((edge) => [...edge.sessions.values()]);
  const all = [...here, ...world.away];
  const isThere = (session: FakeSession) => session.isAvailable && !session.isOver;
  const available = all.filter(isThere);
  const wrong: string[] = [];
  for (const session of here.filter(isThere)) {
    const seen = new Map(session.view.available());
    for (const other of available) {
      // Edges keep this from the client.
      if (world.roster.blocks(session.user, other.user)) seen.delete(other.jid);
      if (!isShown(world, session, other)) continue;
      const stamp = seen.get(other.jid);
      if (stamp !== other.stamp) wrong.push(`${session.jid} has ${other.jid} at ${stamp}, not ${other.stamp}`);
      seen.delete(other.jid);
    }
    for (const ghost of seen.keys()) wrong.push(`${session.jid} sees the ghost ${ghost}`);
  }
  for (const edge of world.edges.values())
    for (const { user } of edge.sessions.values()) {
      const told = edge.tables.get(user)?.rows.map(({ resource, session }) => `${resource} ${session}`);
      const there = all.filter((session) => session.user === user).map(({ resource, id }) => `${resource} ${id}`);
      if (told?.sort().join() !== there.sort().join()) wrong.push(`${edge.id} has of ${user} ${told}, not ${there}`);
    }
  return wrong.join('; ');
}

const isShown = (world: World, to: FakeSession, of: FakeSession): boolean =>
  of.user === to.user || (world.roster.sees(to.user, of.user) && !world.roster.blocks(to.user, of.user));

/** Who was told the same thing twice in a row. */
export function repetitions(sessions: Iterable<FakeSession>): string {
  const wrong: string[] = [];
  for (const session of sessions) {
    const last = new Map<string, string>();
    for (const line of session.got) {
      if (line === '') last.clear();
      const [from = ''] = line.split(' ');
      if (last.get(from) === line) wrong.push(`${session.jid}: twice ${line}`);
      last.set(from, line);
    }
  }
  return wrong.join('; ');
}
