import type { Bus } from '@starling/bus';
import { COPY, encodeEnvelope, encodeSessionTable, FATE, KIND, type SessionTable, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { User } from './user.ts';

/** Tells the edges that hold a user which sessions he has. */
export class Tables {
  readonly #bus: Bus;
  readonly #node: string;

  constructor(bus: Bus, node: string) {
    this.#bus = bus;
    this.#node = node;
  }

  /** A new table, for who is told of it by other means. */
  make(user: User): SessionTable {
    const { epoch } = user.partition;
    return { user: user.jid, epoch, version: user.partition.nextVersion(), rows: user.sessions.table() };
  }

  /** At once: what follows from a change must reach edges behind the table that tells it. */
  publish(user: User): SessionTable {
    const table = this.make(user);
    const owner = user.jid as BareJid;
    const envelope = encodeEnvelope({
      id: '',
      owner,
      from: owner,
      to: owner,
      kind: KIND.sessionTable,
      type: '',
      fate: FATE.live,
      copy: COPY.received,
      hints: 0,
      origin: this.#node,
      sentAtMs: 0,
      after: 0,
      stanza: encodeSessionTable(table),
    });
    this.#bus.publish(subjects.user(owner), envelope);
    return table;
  }
}
