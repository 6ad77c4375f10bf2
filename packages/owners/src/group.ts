/** One process of a group, as the membership document has it. */
export interface Member {
  readonly id: string;
  /** Random, new at each start and each time that the member was out: what an older one says counts no more. */
  readonly incarnation: string;
  /** Epoch of the document in which this incarnation appeared first. */
  readonly joinedEpoch: number;
}

/** Who is in a group, as one version of its document has it. */
export interface GroupView {
  /** Rises with each change of the document; 0 before there is one. */
  readonly epoch: number;
  /** In the order of their ids. */
  readonly members: readonly Member[];
}

/** What an observer of a group sees. */
export interface GroupWatch extends GroupView {
  readonly group: string;
  /** Whether the member is in the document with this incarnation: drop what comes from another one. */
  isCurrent(id: string, incarnation: string): boolean;
  /** Somebody spoke of this epoch: when it is a higher one, the document is read again. */
  noticeEpoch(epoch: number): void;
  /** Called after each change of the view. The handler must not throw. Returns the undo. */
  onChange(handler: (view: GroupView) => void): () => void;
  close(): Promise<void>;
}

/** A member's own view of its group. */
export interface Membership extends GroupWatch {
  readonly id: string;
  /** Everything that this member emits bears it, and the epoch. It changes when the member was out. */
  readonly incarnation: string;
  /**
   * Whether it is sure to be in the document still. Ask right before acting as an owner, also first thing in every handler: after a
   * pause of the process it is false before anything else has happened. Costs a look at the clock.
   */
  mayAct(): boolean;
  /** The same, the other way round. */
  readonly isFenced: boolean;
  /** Called when it is out; it joins again by itself under a new incarnation, and `onChange` tells. Returns the undo. */
  onLost(handler: () => void): () => void;
  /** Leaves the group at once, so that the others need not wait for its death. */
  close(): Promise<void>;
}
