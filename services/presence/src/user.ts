import type { Emission, RosterNotice } from '@starling/contracts';
import type { Contacts } from './contacts.ts';
import type { Partition } from './partition.ts';
import { Sessions } from './sessions.ts';

/** What those who watch the user, and those whom he watches, have not been told yet of one resource: his contacts are not known. */
export interface Owed {
  /** The last word is that it is gone. */
  readonly gone: Emission | undefined;
  /** Those who watch him are told what its row says. */
  readonly news: boolean;
  /** It wants to know who is there. */
  readonly probe: boolean;
  /** Subscription requests wait for it perhaps. */
  readonly requests: boolean;
}

const NOTHING_OWED: ReadonlyMap<string, Owed> = new Map();

/** One user of an owned partition, from his first session to his last. */
export class User {
  readonly jid: string;
  readonly partition: Partition;
  readonly sessions: Sessions;
  contacts: Contacts | undefined;
  /** Whether subscription requests may wait for an answer (RFC 6121 §3.1.3). */
  hasRequests = false;
  /** His contacts are being asked for. */
  isLoading = false;
  /** The newest version that was spoken of meanwhile; the answer may be older. */
  heardOf: Pick<RosterNotice, 'version' | 'blocks'> | undefined;
  #owed: Map<string, Owed> | undefined;
  /** What else needs the contacts; told undefined when they cannot be had now. */
  readonly waiting: ((contacts: Contacts | undefined) => void)[] = [];

  constructor(jid: string, partition: Partition) {
    this.jid = jid;
    this.partition = partition;
    this.sessions = new Sessions(jid, partition.tallies);
  }

  /** By resource. */
  get owed(): ReadonlyMap<string, Owed> {
    return this.#owed ?? NOTHING_OWED;
  }

  owe(resource: string, owed: Owed): void {
    this.#owed ??= new Map();
    this.#owed.set(resource, owed);
  }

  paid(): void {
    this.#owed = undefined;
  }

  /** Nothing is lost when he is forgotten. */
  get isIdle(): boolean {
    return this.sessions.size === 0 && this.owed.size === 0 && !this.isLoading && this.waiting.length === 0;
  }
}
