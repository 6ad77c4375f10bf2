import type { GroupView, GroupWatch, Member, Membership } from '@starling/owners';

let incarnations = 0;
const newIncarnation = () => `i${++incarnations}`;

/** A membership document in this process; who observes it hears of a change one turn later, or later than that. */
export class FakeGroup {
  readonly name: string;
  readonly #members = new Map<string, Member>();
  readonly #watches = new Set<FakeWatch>();
  epoch = 0;

  constructor(name: string) {
    this.name = name;
  }

  view(): GroupView {
    const members = [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { epoch: this.epoch, members };
  }

  watch(): FakeWatch {
    const watch = new FakeWatch(this);
    this.#watches.add(watch);
    return watch;
  }

  join(id: string): FakeMembership {
    const member = new FakeMembership(this, id);
    this.#watches.add(member);
    member.enter();
    return member;
  }

  put(id: string, incarnation: string): void {
    this.#members.set(id, { id, incarnation, joinedEpoch: this.epoch + 1 });
    this.#changed();
  }

  /** Somebody has found that it is dead. */
  evict(id: string): void {
    if (this.#members.delete(id)) this.#changed();
  }

  forget(watch: FakeWatch): void {
    this.#watches.delete(watch);
  }

  #changed(): void {
    this.epoch++;
    for (const watch of this.#watches) watch.hear();
  }
}

export class FakeWatch implements GroupWatch {
  readonly group: string;
  readonly #of: FakeGroup;
  readonly #handlers = new Set<(view: GroupView) => void>();
  #view: GroupView;
  /** How late it hears of a change. */
  delayMs = 0;

  constructor(group: FakeGroup) {
    this.group = group.name;
    this.#of = group;
    this.#view = group.view();
  }

  get epoch(): number {
    return this.#view.epoch;
  }
  get members(): readonly Member[] {
    return this.#view.members;
  }

  isCurrent(id: string, incarnation: string): boolean {
    return this.members.some((m) => m.id === id && m.incarnation === incarnation);
  }
  noticeEpoch(epoch: number): void {
    if (epoch > this.epoch) this.hear(0);
  }
  onChange(handler: (view: GroupView) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
  async close(): Promise<void> {
    this.#of.forget(this);
    this.#handlers.clear();
  }

  hear(delayMs = this.delayMs): void {
    const view = this.#of.view();
    setTimeout(() => this.see(view), delayMs).unref();
  }

  see(view: GroupView): void {
    if (view.epoch <= this.#view.epoch) return;
    this.#view = view;
    for (const handler of this.#handlers) handler(view);
  }
}

export class FakeMembership extends FakeWatch implements Membership {
  readonly id: string;
  readonly #own: FakeGroup;
  readonly #lost = new Set<() => void>();
  incarnation = newIncarnation();
  isFenced = false;

  constructor(group: FakeGroup, id: string) {
    super(group);
    this.#own = group;
    this.id = id;
  }

  enter(): void {
    this.#own.put(this.id, this.incarnation);
    this.see(this.#own.view());
  }

  mayAct(): boolean {
    return !this.isFenced;
  }

  onLost(handler: () => void): () => void {
    this.#lost.add(handler);
    return () => this.#lost.delete(handler);
  }

  /** As after a pause: it finds itself out, and joins again. */
  rejoin(): void {
    this.isFenced = true;
    for (const handler of this.#lost) handler();
    this.incarnation = newIncarnation();
    this.isFenced = false;
    this.enter();
  }

  override async close(): Promise<void> {
    await super.close();
    this.#own.evict(this.id);
  }
}
