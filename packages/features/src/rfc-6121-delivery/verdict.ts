import { SESSION_STATE, type SessionRow } from '@starling/contracts';

/** What the rules need to know of a stanza for a local user. */
export interface Arriving {
  readonly kind: 'message' | 'presence' | 'iq';
  /** The type attribute, '' when there is none. */
  readonly type: string;
  /** '' = it is for the bare JID. */
  readonly resource: string;
}

/**
 * What becomes of a stanza: it goes to these sessions; or nothing; or it waits offline; or its sender gets `service-unavailable`; or the
 * server itself deals with it (an IQ to a bare JID, subscriptions, probes).
 */
export type Action = 'deliver' | 'ignore' | 'offline' | 'error' | 'server';
export interface Verdict {
  readonly action: Action;
  /** Empty unless it is delivered. */
  readonly sessions: readonly SessionRow[];
}

const NOBODY: readonly SessionRow[] = Object.freeze([]);
const without = (action: Action): Verdict => Object.freeze({ action, sessions: NOBODY });
const IGNORE = without('ignore');
const OFFLINE = without('offline');
const ERROR = without('error');
const SERVER = without('server');
const deliver = (sessions: readonly SessionRow[]): Verdict => ({ action: 'deliver', sessions });

const isAvailable = (row: SessionRow) => row.state === SESSION_STATE.available;
const isNonNegative = (row: SessionRow) => row.state === SESSION_STATE.available && row.priority >= 0;

/**
 * RFC 6121 §8.5, whole: what a server does with a stanza for one of its users. Where the RFC leaves a choice: chat and normal go to all
 * resources that are not negative, so that every device shows the same conversation; what could tell whether somebody is there is
 * answered like what could not.
 * @param sessions the user's on all edges; undefined: there is no such account
 * @param visible of an IQ request to a full JID: whether its sender may know of that resource (§8.5.3.1)
 */
export function verdictOf(arriving: Arriving, sessions: readonly SessionRow[] | undefined, visible = true): Verdict {
  if (arriving.kind === 'message') return messageVerdict(arriving, sessions);
  return arriving.kind === 'iq' ? iqVerdict(arriving, sessions, visible) : presenceVerdict(arriving, sessions);
}

const matching = (sessions: readonly SessionRow[], resource: string): SessionRow | undefined =>
  sessions.find((s) => s.resource === resource);

function messageVerdict({ type, resource }: Arriving, sessions: readonly SessionRow[] | undefined): Verdict {
  if (sessions === undefined) return type === 'headline' || type === 'error' ? IGNORE : ERROR; // §8.5.1
  if (resource !== '') {
    const match = matching(sessions, resource);
    if (match !== undefined) return deliver([match]); // §8.5.3.1
    if (type !== 'chat') return IGNORE; // §8.5.3.2.1
  } else if (type === 'groupchat') return ERROR; // §8.5.2.1.1
  if (type === 'error') return IGNORE;
  const reached = sessions.filter(isNonNegative);
  if (reached.length > 0) return deliver(reached);
  return type === 'headline' ? IGNORE : OFFLINE; // §8.5.2.2.1
}

function presenceVerdict({ type, resource }: Arriving, sessions: readonly SessionRow[] | undefined): Verdict {
  if (sessions === undefined) return IGNORE; // §8.5.1
  const match = resource === '' ? undefined : matching(sessions, resource);
  switch (type) {
    case '':
    case 'unavailable': {
      if (resource !== '') return match === undefined ? IGNORE : deliver([match]); // §8.5.3.1, §8.5.3.2.2
      const reached = sessions.filter(isAvailable);
      return reached.length > 0 ? deliver(reached) : IGNORE; // §8.5.2.1.2, §8.5.2.2.2
    }
    case 'subscribe':
    case 'probe':
      return SERVER;
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
      return resource !== '' && match === undefined ? IGNORE : SERVER; // §8.5.3.2.2
    default:
      return match === undefined ? IGNORE : deliver([match]); // an error, for the resource that sent what it is about
  }
}

function iqVerdict({ type, resource }: Arriving, sessions: readonly SessionRow[] | undefined, visible: boolean) {
  const isRequest = type === 'get' || type === 'set';
  const match = sessions === undefined || resource === '' ? undefined : matching(sessions, resource);
  if (!isRequest) return match === undefined ? IGNORE : deliver([match]); // §8.5.3.1; RFC 6120 §8.3.1: never answered
  if (sessions === undefined) return ERROR; // §8.5.1
  if (resource === '') return SERVER; // §8.5.2.1.3, §8.5.2.2.3
  return match === undefined || !visible ? ERROR : deliver([match]); // §8.5.3.1, §8.5.3.2.3
}
