import {
  type RosterChange,
  type RosterItem,
  type RosterNotice,
  type RosterVersion,
  SUBSCRIPTION,
} from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { SubscriptionState } from '@starling/features/rfc-6121-subscription/state';
import { deleteRequest, insertRequest } from './sql/requests.ts';
import type { Relation } from './sql/select-relations.ts';
import { writeItem } from './sql/write-item.ts';

/** What is told when an edit is committed, in this order. */
export interface Announcement {
  readonly user: string;
  readonly changes: readonly RosterChange[];
  readonly notice: RosterNotice;
}

/** A stanza for the user's sessions. */
export interface Delivered {
  readonly type: string;
  readonly stanza: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** One user's side of a contact within an edit: what it was, what it becomes, and what has to be told of it. */
export class Side {
  readonly user: string;
  readonly contact: string;
  readonly #lineage: string;
  #number: number;
  #item: RosterItem | undefined;
  readonly #wasMember: boolean;
  #requested: boolean;
  /** The contact's request, when it is new. */
  #request: Uint8Array | undefined;
  #itemChanged = false;
  #requestedChanged = false;
  readonly #changes: RosterChange[] = [];

  constructor(version: RosterVersion, { user, contact, item, requested }: Relation) {
    this.user = user;
    this.contact = contact;
    this.#lineage = version.lineage;
    this.#number = version.number;
    this.#item = item;
    this.#wasMember = item !== undefined && !item.removed;
    this.#requested = requested;
  }

  get item(): RosterItem | undefined {
    return this.#item;
  }

  /** The contact has come into the roster, or has gone from it. */
  get membershipChanged(): boolean {
    return this.#wasMember !== (this.#item !== undefined && !this.#item.removed);
  }

  get state(): SubscriptionState {
    const { subscription = SUBSCRIPTION.none, ask = false, approved = false } = this.#item ?? {};
    return { subscription, ask, requested: this.#requested, approved };
  }

  get version(): RosterVersion {
    return { lineage: this.#lineage, number: this.#number };
  }

  /** Name and groups are others; an item that is not there is made (RFC 6121 §2.3, §2.4). */
  describe(name: string, groups: readonly string[]): void {
    this.#change({ ...(this.#item ?? blankItem(this.contact)), name, groups }, undefined);
  }

  /** The item goes (§2.5). */
  remove(): void {
    this.#change({ ...blankItem(this.contact), removed: true }, undefined);
  }

  /** The next state; `push` when the item shows it, and a stanza that the user's sessions get before. */
  become(state: SubscriptionState, push: boolean, delivered: Delivered | undefined): void {
    if (state.requested !== this.#requested) {
      this.#requested = state.requested;
      this.#requestedChanged = true;
      this.#request = state.requested ? delivered?.stanza : undefined;
    }
    const { subscription, ask, approved } = state;
    if (push) this.#change({ ...(this.#item ?? blankItem(this.contact)), subscription, ask, approved }, delivered);
    else if (delivered !== undefined) this.#tell(undefined, delivered);
  }

  /** Whether there is something to write. */
  get isChanged(): boolean {
    return this.#itemChanged || this.#requestedChanged;
  }

  /** What is told of it as it stands, whether or not it was told before: whoever has this version passes it over. */
  get standing(): Announcement {
    const { user, contact, version } = this;
    const change = { version, item: this.#item, contact, type: '', stanza: NOTHING };
    return { user, changes: this.#item === undefined ? [] : [change], notice: this.#notice };
  }

  /** Writes what has changed. */
  async save(tx: Queryable): Promise<void> {
    if (this.#itemChanged && this.#item !== undefined) await writeItem(tx, this.user, this.#item, this.#number);
    if (!this.#requestedChanged) return;
    if (this.#request === undefined) await deleteRequest(tx, this.user, this.contact);
    else await insertRequest(tx, this.user, this.contact, this.#request);
  }

  /** What has to be told; undefined when nothing has happened here. */
  get announcement(): Announcement | undefined {
    if (!this.#itemChanged && !this.#requestedChanged && this.#changes.length === 0) return undefined;
    return { user: this.user, changes: this.#changes, notice: this.#notice };
  }

  get #notice(): RosterNotice {
    const { user, contact, version } = this;
    return {
      ...{ user, contact, version, blocks: false, deleted: false },
      subscription: this.state.subscription,
      requested: this.#requested,
    };
  }

  #change(item: RosterItem, delivered: Delivered | undefined): void {
    this.#item = item;
    this.#itemChanged = true;
    this.#number++;
    this.#tell(item, delivered);
  }

  #tell(item: RosterItem | undefined, { type, stanza }: Delivered = { type: '', stanza: NOTHING }): void {
    this.#changes.push({ version: this.version, item, contact: this.contact, type, stanza });
  }
}

const blankItem = (jid: string): RosterItem => ({
  ...{ jid, name: '', groups: [], subscription: SUBSCRIPTION.none, ask: false, approved: false, removed: false },
});
