import {
  ArchiveIds,
  COPY,
  decodeEnvelope,
  decodeSessionRecord,
  type Envelope,
  encodeEnvelope,
  encodeSessionRecord,
  entryId,
  FATE,
  HINT,
  KIND,
  RECORD_STATE,
  type SessionRecord,
} from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import type { Part } from '@starling/testkit/parts';

const ROMEO = 'romeo@example.com' as BareJid;
const PHONE = 'romeo@example.com/phone' as FullJid;
const JULIET = 'juliet@example.com' as BareJid;
const STANZA = Buffer.from(
  `<message from='${PHONE}' to='${JULIET}' type='chat' id='7c3a1f'><body>${'Deny thy father. '.repeat(12)}</body></message>`,
);
const UNACKED = 3;

const ENVELOPE: Envelope = {
  ...{ id: '', owner: JULIET, from: PHONE, to: JULIET, kind: KIND.message, type: 'chat', fate: FATE.archived },
  ...{ copy: COPY.received, hints: HINT.body, origin: 'edge-3f9a1c/12345', sentAtMs: 1_800_000_000_000, after: 0 },
  stanza: STANZA,
};

const RECORD: SessionRecord = {
  ...{ user: ROMEO, resource: 'phone', session: '5f0c2d91a7e34b68', origin: 'edge-3f9a1c/12345', lang: 'en' },
  ...{ edge: 'edge-3f9a1c', incarnation: 'a1b2c3d4', epoch: 1, recordState: RECORD_STATE.live },
  ...{ writtenAt: 1_800_000_000_000, detachedAt: 0, windowMs: 240_000, handled: 1_234, base: 900, acked: 897 },
  queue: Array.from({ length: UNACKED }, (_, n) => ({
    ...{ position: { epoch: 1, sequence: 70_000 + n }, stanza: undefined, answers: '' },
  })),
  position: { epoch: 1, sequence: 70_010 },
  ...{ boundAt: 1_800_000_000_000, state: 1, priority: 0, stamp: 1_800_000_000_001, directed: [], kept: {} },
  ...{ presence: Buffer.from('<presence/>'), openRequests: [], whole: false },
  covering: { since: { epoch: 1, sequence: 60_000 }, served: true },
};

const POSITION = { epoch: 1, sequence: 123_456_789 } as const;
const STREAM = 3;

/** packages/contracts: what stands between objects and bytes. */
export function codecParts(): readonly Part[] {
  const envelope = encodeEnvelope(ENVELOPE);
  const record = encodeSessionRecord(RECORD);
  const ids = new ArchiveIds('a secret that is long enough');
  const id = ids.encode(POSITION, STREAM);
  return [
    each('encode an envelope', () => encodeEnvelope(ENVELOPE).length),
    each('decode an envelope', () => decodeEnvelope(envelope).stanza.length),
    each('id of an entry', () => entryId({ sender: ROMEO, owner: JULIET, key: 'o:7c3a1f', payload: STANZA }).length),
    each('encode an archive id', () => ids.encode(POSITION, STREAM).length),
    each('decode an archive id', () => ids.decode(id, STREAM)?.sequence ?? 0),
    each(`encode a session record, ${UNACKED} unacknowledged`, () => encodeSessionRecord(RECORD).length),
    each(`decode a session record, ${UNACKED} unacknowledged`, () => decodeSessionRecord(record).queue.length),
  ];
}

/** What it makes is added up, so that it has to be made. */
function each(name: string, work: () => number): Part {
  return {
    name,
    run: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += work();
      return sum;
    },
  };
}
