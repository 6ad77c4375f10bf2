/** What an edge answers to a live stanza that wants to know what became of it. */
const DELIVERED = Uint8Array.of(1);
const NOT_THERE = Uint8Array.of(0);

export const deliveredAnswer = (delivered: boolean): Uint8Array => (delivered ? DELIVERED : NOT_THERE);
export const wasDelivered = (answer: Uint8Array): boolean => answer[0] === 1;
