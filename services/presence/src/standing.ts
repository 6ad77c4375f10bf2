import type { GroupView, GroupWatch, Member, Membership } from '@starling/owners';

/** As whom a node says something. */
export interface Acting {
  readonly id: string;
  readonly incarnation: string;
  readonly epoch: number;
}

const NOBODY: readonly Member[] = [];

/** What this node is in the group `presence`, as it took its partitions, and who else is there. */
export class Standing {
  readonly #id: string;
  #membership: Membership | undefined;
  #edges: GroupWatch | undefined;
  #incarnation = '';
  #epoch = 0;

  constructor(id: string) {
    this.#id = id;
  }

  join(membership: Membership, edges: GroupWatch): void {
    this.#membership = membership;
    this.#edges = edges;
  }

  leave(): void {
    this.#membership = undefined;
  }

  get membership(): Membership | undefined {
    return this.#membership;
  }

  get edges(): readonly Member[] {
    return this.#edges?.members ?? NOBODY;
  }

  /** Of the membership, when its partitions were taken; 0 while it has none. */
  get epoch(): number {
    return this.#epoch;
  }

  /** As whom it acts now; undefined while it must not. */
  get acting(): Acting | undefined {
    const membership = this.#membership;
    if (membership?.mayAct() !== true || membership.incarnation !== this.#incarnation) return undefined;
    return { id: this.#id, incarnation: this.#incarnation, epoch: this.#epoch };
  }

  /** It has taken partitions, and must not act: what comes may be somebody else's by now. */
  get isFenced(): boolean {
    return this.acting === undefined && this.#incarnation !== '';
  }

  /** It takes partitions as this view has it. @returns whether it is in there */
  take({ incarnation }: Membership, { epoch, members }: GroupView): boolean {
    this.#incarnation = incarnation;
    this.#epoch = epoch;
    return members.some((member) => member.id === this.#id && member.incarnation === incarnation);
  }

  /** It took them as somebody else than it is now. */
  isOther({ incarnation }: Membership): boolean {
    return incarnation !== this.#incarnation;
  }

  /** It has no partitions any more. */
  reset(): void {
    this.#incarnation = '';
    this.#epoch = 0;
  }

  isEdge(id: string): boolean {
    return this.edges.some((edge) => edge.id === id);
  }

  isNode(id: string): boolean {
    return this.#membership?.members.some((member) => member.id === id) === true;
  }

  isCurrentEdge(id: string, incarnation: string): boolean {
    return this.#edges?.isCurrent(id, incarnation) === true;
  }

  kindOf(id: string, incarnation: string): 'edge' | 'node' | undefined {
    if (this.isCurrentEdge(id, incarnation)) return 'edge';
    return this.#membership?.isCurrent(id, incarnation) === true ? 'node' : undefined;
  }

  /** Of all that are there. */
  incarnations(): ReadonlySet<string> {
    return new Set([...this.edges, ...(this.#membership?.members ?? NOBODY)].map((member) => member.incarnation));
  }

  /** Perhaps an edge that has just come. */
  lookForEdges(): void {
    this.#edges?.noticeEpoch(this.#edges.epoch + 1);
  }
}
