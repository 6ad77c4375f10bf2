import { type Bus, RpcError, type Subscription, serve } from '@starling/bus';
import {
  encodeRosterNotice,
  type LastActivity,
  personal,
  queues,
  type RosterNotice,
  rosters,
  type Subscription as State,
  SUBSCRIPTION,
  subjects,
} from '@starling/contracts';

interface Roster {
  number: number;
  readonly states: Map<string, State>;
  readonly blocked: Set<string>;
  readonly requests: string[];
}

/** The roster service as far as presence asks it. */
export class FakeRoster {
  readonly #bus: Bus;
  readonly #rosters = new Map<string, Roster>();
  readonly #subscriptions: Subscription[];
  /** Cannot answer now. */
  isAway = false;
  /** Of how many users the contacts find room in an answer. */
  usersAtOnce = Number.POSITIVE_INFINITY;
  /** Notices get lost. */
  isMute = false;
  /** How often contacts were asked for. */
  loads = 0;
  /** When users left, as it was told. */
  readonly lastSeen: LastActivity[] = [];

  constructor(bus: Bus) {
    this.#bus = bus;
    const onError = (error: unknown) => {
      throw error;
    };
    this.#subscriptions = [
      serve(
        bus,
        rosters.contacts,
        queues.roster,
        async ({ users }) => ({ users: users.slice(0, this.usersAtOnce).map((user) => this.#contacts(user)) }),
        onError,
      ),
      serve(
        bus,
        personal.setLast,
        queues.roster,
        async ({ users }) => {
          this.#check();
          this.lastSeen.push(...users);
          return {};
        },
        onError,
      ),
      serve(bus, rosters.requests, queues.roster, async ({ user }) => this.#requests(user), onError),
      serve(
        bus,
        rosters.contactsSince,
        queues.roster,
        async ({ known }) => {
          this.#check();
          const isChanged = ({ user, version }: (typeof known)[number]) => version.number !== this.#of(user).number;
          return { changed: known.filter(isChanged).map(({ user }) => user) };
        },
        onError,
      ),
    ];
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  stateOf(user: string, contact: string): State {
    return this.#of(user).states.get(contact) ?? SUBSCRIPTION.none;
  }

  blocks(user: string, jid: string): boolean {
    return this.#of(user).blocked.has(jid);
  }

  /** Whether `watcher` sees the presence of `user`. */
  sees(watcher: string, user: string): boolean {
    const { states, blocked } = this.#of(user);
    return ((states.get(watcher) ?? 0) & SUBSCRIPTION.from) !== 0 && !blocked.has(watcher);
  }

  befriend(a: string, b: string): void {
    this.set(a, b, SUBSCRIPTION.both);
    this.set(b, a, SUBSCRIPTION.both);
  }

  set(user: string, contact: string, state: State): void {
    const roster = this.#of(user);
    roster.number++;
    if (state === SUBSCRIPTION.none) roster.states.delete(contact);
    else roster.states.set(contact, state);
    this.#tell(user, { contact, subscription: state });
  }

  request(user: string, from: string): void {
    this.#of(user).requests.push(from);
    this.#tell(user, { contact: from, subscription: this.stateOf(user, from), requested: true });
  }

  block(user: string, jid: string, is: boolean): void {
    const { blocked } = this.#of(user);
    if (is) blocked.add(jid);
    else blocked.delete(jid);
    this.#tell(user, { blocks: true });
  }

  delete(user: string): void {
    this.#rosters.delete(user);
    this.#tell(user, { deleted: true });
  }

  #tell(user: string, notice: Partial<RosterNotice>): void {
    if (this.isMute) return;
    const { number } = this.#of(user);
    const whole: RosterNotice = {
      user,
      version: { lineage: 'l', number },
      contact: '',
      subscription: SUBSCRIPTION.none,
      requested: false,
      blocks: false,
      deleted: false,
      ...notice,
    };
    this.#bus.publish(subjects.rosterChanges, encodeRosterNotice(whole));
  }

  #contacts(user: string) {
    this.#check();
    this.loads++;
    const { number, states, blocked, requests } = this.#of(user);
    return {
      exists: true,
      version: { lineage: 'l', number },
      contacts: Array.from(states, ([jid, subscription]) => ({ jid, subscription })),
      requests: requests.length,
      blocked: [...blocked],
    };
  }

  #requests(user: string) {
    this.#check();
    return {
      stanzas: this.#of(user).requests.map((from) => Buffer.from(`<presence from="${from}" type="subscribe"/>`)),
    };
  }

  #check(): void {
    if (this.isAway) throw new RpcError('resource-constraint');
  }

  #of(user: string): Roster {
    let roster = this.#rosters.get(user);
    if (roster === undefined) {
      roster = { number: 1, states: new Map(), blocked: new Set(), requests: [] };
      this.#rosters.set(user, roster);
    }
    return roster;
  }
}
