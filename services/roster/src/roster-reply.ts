import type { RosterReply, RosterVersion } from '@starling/contracts';
import type { StoredItem, StoredRoster } from './sql/select-rosters.ts';

/**
 * The answer to who has version `known`: what has changed since, if that is still known, else the whole roster (RFC 6121 §2.6.3). An
 * item that has changed several times comes once, with its last change.
 */
export function replyOf({ version, pruned, items }: StoredRoster, known: RosterVersion | undefined): RosterReply {
  const isKnown =
    known !== undefined &&
    known.lineage === version.lineage &&
    known.number >= pruned &&
    known.number <= version.number;
  if (!isKnown)
    return { version, difference: false, items: items.filter((i) => !i.removed).map(withoutNumber), numbers: [] };
  const changed = items.filter((item) => item.changed > known.number);
  return { version, difference: true, items: changed.map(withoutNumber), numbers: changed.map((i) => i.changed) };
}

const withoutNumber = ({ changed: _, ...item }: StoredItem) => item;
