export { el } from './build.ts';
export type { ChildRef } from './children.ts';
export { CONDITIONS, type Condition, type ErrorType, isCondition } from './conditions.ts';
export { type ErrorRow, errorTable, parseStanzaError, StanzaError, type StanzaErrorOptions } from './errors.ts';
export { NS } from './ns.ts';
export { errorReply, resultReply } from './replies.ts';
export { Stanza, type StanzaAttributes, type StanzaKind } from './stanza.ts';
export { STREAM_CONDITIONS, type StreamCondition, StreamError } from './stream-errors.ts';
export { type MessageType, messageTypeOf, validateStanza } from './validate.ts';
