import { type ArchivedEntry, decodeEnvelope, type Position } from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import { delayXml, encodeForwarding } from '@starling/stanza';
import { escapeAttribute } from '@starling/xml';
import { NS } from './ns.ts';

const TAIL = '</result></message>';

/** Writes the results of one query for one client, each as it stands in a stream ("Query results"). */
export class Results {
  readonly #head: string;
  readonly #idOf: (position: Position) => string;

  constructor(user: BareJid, to: FullJid, queryId: string | undefined, idOf: (position: Position) => string) {
    const query = queryId === undefined ? '' : ` queryid='${escapeAttribute(queryId)}'`;
    this.#head = `<message from='${escapeAttribute(user)}' to='${escapeAttribute(to)}'><result xmlns='${NS.mam}'${query} id='`;
    this.#idOf = idOf;
  }

  /** @throws EnvelopeError */
  encode({ position, committedAtMs, envelope }: ArchivedEntry): Uint8Array {
    const { stanza } = decodeEnvelope(envelope);
    return encodeForwarding(`${this.#head}${this.#idOf(position)}'>`, stanza, TAIL, delayXml('', committedAtMs));
  }
}
