import type { ArchivePreferences, BlockList, Envelope, Position, RosterChange } from '@starling/contracts';
import type { BareJid, Jid } from '@starling/jid';
import { type Stanza, StanzaError, type StanzaKind } from '@starling/stanza';
import type { Session } from './session.ts';

/** Every event there is; the only place where one is born. */
export interface HookMap {
  /** A stanza from a client, its `from` stamped, before it is routed. A rewrite puts another stanza in its place. */
  'client:stanza': { readonly session: Session; stanza: Stanza };
  /** The user's roster has changed, or a stanza about a subscription has come for him; `sessions` are those of this edge. */
  'user:roster': { readonly user: BareJid; readonly change: RosterChange; readonly sessions: readonly Session[] };
  /** The edge was away from the bus: what was published for the user meanwhile did not arrive. */
  'user:missed': { readonly user: BareJid; readonly sessions: readonly Session[] };
  /**
   * A stanza is about to be delivered to sessions of a user on this edge. Decided at once (runNow), since what follows it must not
   * overtake it. An error goes to its sender, unless that is nobody's to answer; `handled` keeps it away without a word.
   */
  'user:stanza': {
    readonly user: BareJid;
    readonly from: Jid | '';
    readonly kind: StanzaKind;
    readonly type: string;
    /** It is an entry of the user's log, in its turn: the archive answers for it. */
    readonly durable: boolean;
  };
  /**
   * A message in its turn, before it goes to sessions of a user on this edge: once for all of them; his own copies of what he sent too,
   * when a session here wants them. Decided at once; a rewrite puts other bytes of a whole stanza in place of `stanza`.
   */
  'user:message': {
    readonly user: BareJid;
    readonly envelope: Envelope;
    /** In the user's log, which is on this stream; undefined: it is live. Its epoch may be 0: not known yet. */
    readonly position: Position | undefined;
    readonly stream: number;
    stanza: Uint8Array;
    /** A guard says so when the user's preferences keep it out of his archive, whatever its fate (XEP-0441). */
    excluded?: boolean;
  };
  /** It went to `delivered`; of the user's own copies that is nobody. `sessions` are all of his on this edge, by resource. Decided at once. */
  'user:delivered': {
    readonly user: BareJid;
    readonly envelope: Envelope;
    readonly position: Position | undefined;
    readonly stanza: Uint8Array;
    readonly sessions: ReadonlyMap<string, Session>;
    readonly delivered: readonly Session[];
  };
  /** An entry of the user's log, in its turn: whom he has blocked from here on (XEP-0191). With his sessions on this edge. */
  'user:blocks': { readonly user: BareJid; readonly list: BlockList; readonly sessions: Iterable<Session> };
  /** An entry of the user's log, in its turn: what of it is archived from here on (XEP-0441). */
  'user:preferences': { readonly user: BareJid; readonly preferences: ArchivePreferences };
  /** A session is about to be bound: its client has not been told yet, and nothing reaches it before. */
  'session:bound': {
    readonly session: Session;
    /** Of one that goes on, what features have kept of it, as of the place in the log from where on all is delivered to it (XEP-0198). */
    readonly kept?: ReadonlyMap<string, string>;
  };
  /** A session may have to go on at another edge: what a feature puts into `kept` comes back with it (XEP-0198). Decided at once. */
  'session:saved': { readonly session: Session; readonly kept: Map<string, string> };
  /** A session goes on here, behind session:bound: its slots are as of a new one. Decided at once; nothing has reached it yet. */
  'session:restored': { readonly session: Session; readonly kept: ReadonlyMap<string, string> };
  /** Its client has heard that it goes on, and got what it had not acknowledged: what changed meanwhile follows. */
  'session:resumed': { readonly session: Session };
  /** A session is over, however it ended. */
  'session:ended': { readonly session: Session };
}

/** In this order. A throw in the first three fails closed (the stanza is refused); in the last two it is logged and skipped. */
export const PHASES = ['guard', 'rewrite', 'deliver', 'copy', 'observe'] as const;
export type Phase = (typeof PHASES)[number];
const FAILS_CLOSED: ReadonlySet<Phase> = new Set(['guard', 'rewrite', 'deliver']);

/** next: go on; handled: stop here, the stanza is dealt with; an error: stop, the sender gets it. */
export type Verdict = 'next' | 'handled' | StanzaError;
export type HookHandler<E> = (event: E) => Verdict | Promise<Verdict>;

interface Registered {
  readonly feature: string;
  readonly phase: Phase;
  readonly after: readonly string[];
  readonly handler: HookHandler<never>;
}

/** Called when a handler threw. */
export type OnHookFailure = (failure: { feature: string; event: string; phase: Phase; error: unknown }) => void;

/** The handlers of all events: filled while features are set up, then sorted once and frozen. */
export class Hooks {
  readonly #lists = new Map<keyof HookMap, Registered[]>();
  readonly #onFailure: OnHookFailure;
  #frozen = false;

  constructor(onFailure: OnHookFailure) {
    this.#onFailure = onFailure;
  }

  /** `after` names features that must have run before in the same phase. */
  on<E extends keyof HookMap>(
    feature: string,
    event: E,
    phase: Phase,
    handler: HookHandler<HookMap[E]>,
    after: readonly string[] = [],
  ): void {
    if (this.#frozen) throw new Error(`${feature}: hooks are frozen after setup`);
    const list = this.#lists.get(event) ?? [];
    list.push({ feature, phase, after, handler });
    this.#lists.set(event, list);
  }

  /**
   * Sorts the handlers; from now on there are no more. `features` are the names that `after` may give.
   * @throws Error when it names another one, or when there is no such order
   */
  freeze(features: ReadonlySet<string>): void {
    for (const [event, list] of this.#lists) {
      for (const { feature, after } of list) {
        const unknown = after.find((name) => !features.has(name));
        if (unknown !== undefined) throw new Error(`${feature}: there is no feature ${unknown} to run after`);
      }
      this.#lists.set(event, inOrder(list));
    }
    this.#frozen = true;
  }

  /** Runs all handlers of an event; a Promise comes back only when one of them returned one. */
  run<E extends keyof HookMap>(event: E, payload: HookMap[E]): Verdict | Promise<Verdict> {
    const list = this.#lists.get(event);
    return list === undefined ? 'next' : this.#runFrom(list, 0, event, payload);
  }

  /** As run, but all handlers begin at once: what they wait for is waited for together. The first verdict in their order counts. */
  async runTogether<E extends keyof HookMap>(event: E, payload: HookMap[E]): Promise<Verdict> {
    const list = this.#lists.get(event) ?? [];
    const verdicts = await Promise.all(list.map((entry) => this.#runFrom([entry], 0, event, payload)));
    return verdicts.find((verdict) => verdict !== 'next') ?? 'next';
  }

  /** As run, for an event that must be decided at once: a handler that takes time is a bug, and counts as one that threw. */
  runNow<E extends keyof HookMap>(event: E, payload: HookMap[E]): Verdict {
    for (const entry of this.#lists.get(event) ?? []) {
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = entry.handler(payload as never);
        if (verdict instanceof Promise) throw new TypeError(`${event} is decided at once`);
      } catch (error) {
        verdict = this.#failed(entry, event, error);
      }
      if (verdict !== 'next') return verdict;
    }
    return 'next';
  }

  #runFrom(
    list: readonly Registered[],
    start: number,
    event: keyof HookMap,
    payload: unknown,
  ): Verdict | Promise<Verdict> {
    for (let i = start; i < list.length; i++) {
      const entry = list[i] as Registered;
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = entry.handler(payload as never);
      } catch (error) {
        verdict = this.#failed(entry, event, error);
      }
      if (verdict instanceof Promise) {
        return verdict
          .catch((error: unknown) => this.#failed(entry, event, error))
          .then((settled) => (settled === 'next' ? this.#runFrom(list, i + 1, event, payload) : settled));
      }
      if (verdict !== 'next') return verdict;
    }
    return 'next';
  }

  /** A StanzaError is what a handler means to say; but in the phases that only look on, nobody refuses anything any more. */
  #failed({ feature, phase }: Registered, event: keyof HookMap, error: unknown): Verdict {
    const isClosed = FAILS_CLOSED.has(phase);
    if (isClosed && error instanceof StanzaError) return error;
    this.#onFailure({ feature, event, phase, error });
    return isClosed ? new StanzaError('internal-server-error', '', { cause: error }) : 'next';
  }
}

/** Phase by phase, and within a phase behind the features named in `after`. */
function inOrder(list: readonly Registered[]): Registered[] {
  return PHASES.flatMap((phase) => {
    const waiting = list.filter((r) => r.phase === phase);
    const sorted: Registered[] = [];
    while (waiting.length > 0) {
      const ready = waiting.findIndex((r) => !waiting.some((w) => w !== r && r.after.includes(w.feature)));
      if (ready < 0)
        throw new Error(`hooks: a circle of "after" in phase ${phase}: ${waiting.map((w) => w.feature).join(', ')}`);
      sorted.push(...waiting.splice(ready, 1));
    }
    return sorted;
  });
}
