import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';

const wire = starling.v1;

/** One process of a group (proto/owners.proto). */
export interface GroupMember {
  readonly id: string;
  readonly incarnation: string;
  readonly joinedEpoch: number;
}
/** Who is in a group: a record, changed by compare-and-set only. */
export interface MembershipDocument {
  readonly epoch: number;
  readonly members: readonly GroupMember[];
}
export const encodeMembership = (document: MembershipDocument): Uint8Array =>
  wire.MembershipDocument.encode(document as starling.v1.MembershipDocument.$Properties, keptWriter()).finish();
export const decodeMembership = (bytes: Uint8Array): MembershipDocument =>
  wire.MembershipDocument.decode(bytes) as unknown as MembershipDocument;

/** A member lives; without an id only word of the epoch. */
export interface Heartbeat {
  readonly id: string;
  readonly incarnation: string;
  readonly epoch: number;
  /** By the sender's own clock, for when it hears itself. */
  readonly sentAtMs: number;
}
export const encodeHeartbeat = (heartbeat: Heartbeat): Uint8Array =>
  wire.Heartbeat.encode(heartbeat, keptWriter()).finish();
export const decodeHeartbeat = (bytes: Uint8Array): Heartbeat => wire.Heartbeat.decode(bytes) as unknown as Heartbeat;
