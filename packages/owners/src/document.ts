import type { GroupMember, MembershipDocument } from '@starling/contracts';

/** Before there is one. */
export const NO_DOCUMENT: MembershipDocument = Object.freeze({ epoch: 0, members: Object.freeze([]) });

export const hasMember = ({ members }: MembershipDocument, id: string, incarnation: string): boolean =>
  members.some((member) => member.id === id && member.incarnation === incarnation);

/**
 * The next version, in which this incarnation is the only one of its id; the same object when that is so already.
 * @param epochMin what the writer has seen: a document that was lost and made anew must not go back
 */
export function withMember(
  document: MembershipDocument,
  id: string,
  incarnation: string,
  epochMin: number,
): MembershipDocument {
  if (hasMember(document, id, incarnation)) return document;
  const epoch = Math.max(document.epoch, epochMin) + 1;
  const others = document.members.filter((member) => member.id !== id);
  return { epoch, members: inOrder([...others, { id, incarnation, joinedEpoch: epoch }]) };
}

/** The next version, without these incarnations; the same object when there is none of them. */
export function withoutMembers(
  document: MembershipDocument,
  gone: (member: GroupMember) => boolean,
): MembershipDocument {
  const members = document.members.filter((member) => !gone(member));
  return members.length === document.members.length ? document : { epoch: document.epoch + 1, members };
}

/** Every process sees them in the same order. */
const inOrder = (members: GroupMember[]): GroupMember[] => members.sort((a, b) => (a.id < b.id ? -1 : 1));
