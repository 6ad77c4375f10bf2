import { meters } from './meters.ts';
import { nameOf, usersOf } from './people.ts';
import type { Settings } from './settings.ts';
import { pause, type UserOptions, XmppUser } from './xmpp.ts';

/** When what happens, Unix time in ms. */
export interface Times {
  /** All have logged in. */
  readonly playMs: number;
  /** Nobody begins anything new. */
  readonly endMs: number;
}

/** @param startedMs when the scenario began (exec.scenario.startTime), the same for all virtual users */
export function timesOf(startedMs: number, { rampSeconds, seconds }: Settings): Times {
  const playMs = startedMs + rampSeconds * 1_000;
  return { playMs, endMs: playMs + seconds * 1_000 };
}

export type Listeners = (index: number) => Pick<UserOptions, 'onMessage' | 'onPresence'>;

/** The users of one virtual user, each logged in at his turn of the ramp, and available. Whoever could not log in is not among them. */
export async function enter(
  vu: number,
  settings: Settings,
  startedMs: number,
  listeners: Listeners,
): Promise<ReadonlyMap<number, XmppUser>> {
  const entered = new Map<number, XmppUser>();
  await Promise.all(
    usersOf(vu, settings).map(async (index) => {
      const username = nameOf(index, settings);
      const user = new XmppUser({ settings, username, ...listeners(index) });
      const turnMs = startedMs + (settings.rampSeconds * 1_000 * index) / Math.max(1, settings.users);
      await pause(Math.max(0, turnMs - Date.now()));
      try {
        await user.login();
      } catch (error) {
        // Policy: counted, told, and the others go on.
        console.error(`${username}: ${error instanceof Error ? error.message : error}`);
        meters.loginFailures.add(1);
        return;
      }
      user.send("<presence xmlns='jabber:client'/>");
      entered.set(index, user);
    }),
  );
  return entered;
}

/** What is on its way arrives, or the time for that is over; then everybody goes. */
export async function leaveAll(users: Iterable<XmppUser>, { graceSeconds }: Settings): Promise<void> {
  const all = [...users];
  await Promise.all(all.map((user) => user.settled()));
  await pause(graceSeconds * 1_000);
  for (const user of all) user.leave();
}
