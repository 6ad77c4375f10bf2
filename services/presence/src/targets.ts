import { PARTITIONS, partitionOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { type Member, OwnerMap } from '@starling/owners';
import { bareOf } from './jids.ts';

/** Addressees whose presence one node owns. */
export interface TargetGroup {
  /** '' is this process. */
  readonly node: string;
  readonly jids: readonly string[];
}

/** Addressees by node, as one version of the membership has it. */
export interface Targets {
  readonly generation: number;
  readonly groups: readonly TargetGroup[];
}

/** Addresses of one entry, in characters: with a stanza's bytes it must stay below what a message holds. */
const GROUP_CHARACTERS_MAX = 64 * 1024;

/** Who owns whom. */
export class Ownership {
  #map: OwnerMap<Member> = OwnerMap.rendezvous<Member>(0, []);
  #self = '';
  /** Rises with each change: what was computed before is void. */
  generation = 0;

  change(members: readonly Member[], self: string): void {
    this.#map = OwnerMap.rendezvous(PARTITIONS, members);
    this.#self = self;
    this.generation++;
  }

  ownerOf(partition: number): Member | undefined {
    return this.#map.ownerOf(partition);
  }

  /** The node of each, those without one left out; a group is cut where it gets too long for one entry. */
  readonly group = (jids: readonly string[]): Targets => {
    const open = new Map<string, { jids: string[]; characters: number }>();
    const groups: { readonly node: string; readonly jids: string[] }[] = [];
    for (const jid of jids) {
      const owner = this.#map.ownerOf(partitionOf(bareOf(jid) as BareJid));
      if (owner === undefined) continue;
      const node = owner.id === this.#self ? '' : owner.id;
      let group = open.get(node);
      if (group === undefined || group.characters + jid.length > GROUP_CHARACTERS_MAX) {
        group = { jids: [], characters: 0 };
        open.set(node, group);
        groups.push({ node, jids: group.jids });
      }
      group.jids.push(jid);
      group.characters += jid.length;
    }
    return { generation: this.generation, groups: groups.map(withoutSpare) };
  };
}

/** It is kept with each user: a list that has grown by push() has room for 17, and of many owners most own one or two of his contacts. */
const withoutSpare = ({ node, jids }: TargetGroup): TargetGroup => ({ node, jids: jids.slice() });
