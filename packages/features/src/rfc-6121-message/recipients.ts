import { SESSION_STATE, type SessionRow } from '@starling/contracts';

/** What the rule needs to know of a message: its type attribute, and the resource that it is addressed to ('' = bare JID). */
export interface Addressed {
  readonly type: string;
  readonly resource: string;
}

const isAvailable = (row: SessionRow) => row.state === SESSION_STATE.available && row.priority >= 0;
const NOBODY: readonly SessionRow[] = [];

/**
 * Which of a user's sessions get a message, by RFC 6121 §8.5 (table 1). Of the choices that the RFC leaves, "all non-negative
 * resources" is taken for chat and normal, so that every device shows the same conversation.
 */
export function recipientsOf(message: Addressed, sessions: readonly SessionRow[]): readonly SessionRow[] {
  if (message.resource !== '') {
    const match = sessions.find((s) => s.resource === message.resource);
    if (match !== undefined) return [match]; // §8.5.3.1, whatever its priority
    return message.type === 'chat' ? sessions.filter(isAvailable) : NOBODY; // §8.5.3.2.1
  }
  if (message.type === 'error' || message.type === 'groupchat') return NOBODY; // §8.5.2.1.1
  return sessions.filter(isAvailable);
}
