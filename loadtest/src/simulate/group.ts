import type { GroupView, GroupWatch, Member, Membership } from '@starling/owners';
import type { Actor, VirtualTime } from './virtual-time.ts';

/** From a change of the document until somebody has read it. */
const HEARD_AFTER_MS = 1;

/** A membership document, and those who watch it. */
export class SimulatedGroup {
  readonly name: string;
  readonly #time: VirtualTime;
  readonly #members = new Map<string, Member>();
  readonly #watches = new Set<SimulatedWatch>();
  #epoch = 0;

  constructor(name: string, time: VirtualTime) {
    this.name = name;
    this.#time = time;
  }

  get view(): GroupView {
    return { epoch: this.#epoch, members: [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
  }

  watch(actor: Actor): SimulatedWatch {
    const watch = new SimulatedWatch(this, actor);
    this.#watches.add(watch);
    return watch;
  }

  /** It is one of them from here on, and knows it. */
  join(id: string, actor: Actor): SimulatedMembership {
    this.#members.set(id, { id, incarnation: `${id}-1`, joinedEpoch: this.#epoch + 1 });
    this.#changed();
    const membership = new SimulatedMembership(this, id, actor);
    this.#watches.add(membership);
    return membership;
  }

  /** Somebody has found that it is dead. */
  evict(id: string): void {
    if (this.#members.delete(id)) this.#changed();
  }

  /** The process is dead: nothing that it watched by is kept. */
  abandon(actor: Actor): void {
    for (const watch of [...this.#watches]) if (watch.actor === actor) this.#watches.delete(watch);
  }

  forget(watch: SimulatedWatch): void {
    this.#watches.delete(watch);
  }

  #changed(): void {
    this.#epoch++;
    const { view } = this;
    for (const watch of this.#watches) this.#time.after(HEARD_AFTER_MS, () => watch.see(view), watch.actor);
  }
}

class SimulatedWatch implements GroupWatch {
  readonly actor: Actor;
  readonly group: string;
  readonly #of: SimulatedGroup;
  readonly #handlers = new Set<(view: GroupView) => void>();
  #view: GroupView;
  #current: ReadonlySet<string>;

  constructor(group: SimulatedGroup, actor: Actor) {
    this.actor = actor;
    this.group = group.name;
    this.#of = group;
    this.#view = group.view;
    this.#current = incarnationsOf(this.#view);
  }

  get epoch(): number {
    return this.#view.epoch;
  }

  get members(): readonly Member[] {
    return this.#view.members;
  }

  isCurrent(id: string, incarnation: string): boolean {
    return this.#current.has(`${id} ${incarnation}`);
  }

  noticeEpoch(epoch: number): void {
    if (epoch > this.epoch) this.see(this.#of.view);
  }

  onChange(handler: (view: GroupView) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async close(): Promise<void> {
    this.#of.forget(this);
    this.#handlers.clear();
  }

  see(view: GroupView): void {
    if (view.epoch <= this.epoch) return;
    this.#view = view;
    this.#current = incarnationsOf(view);
    for (const handler of this.#handlers) handler(view);
  }
}

const incarnationsOf = ({ members }: GroupView): ReadonlySet<string> =>
  new Set(members.map(({ id, incarnation }) => `${id} ${incarnation}`));

class SimulatedMembership extends SimulatedWatch implements Membership {
  readonly id: string;
  readonly incarnation: string;
  /** It is never paused. */
  readonly isFenced = false;

  constructor(group: SimulatedGroup, id: string, actor: Actor) {
    super(group, actor);
    this.id = id;
    this.incarnation = `${id}-1`;
  }

  mayAct(): boolean {
    return true;
  }

  onLost(): () => void {
    return () => undefined;
  }
}
