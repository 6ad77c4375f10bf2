import { starling } from './generated/starling.js';
import { type Empty, method } from './method.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** One element that an account keeps (XEP-0049), named by its root. */
export interface PrivateXml {
  readonly ns: string;
  readonly name: string;
  /** Complete in itself. */
  readonly xml: Uint8Array;
}

/** When an account was last seen, and what it said then (XEP-0012). */
export interface LastActivity {
  readonly user: string;
  readonly atMs: number;
  readonly status: string;
}

/** What the roster service answers about what accounts keep (proto/personal.proto). `user` is a bare JID, prepared. */
export const personal = {
  /** Empty `xml`: nothing is stored under that name. */
  privateXml: method<{ user: string; ns: string; name: string }, { xml: Uint8Array }>(
    subjects.roster('private-get'),
    wire.PrivateXmlGetRequest,
    wire.PrivateXmlGetReply,
  ),
  /** All or none. `item-not-found`: no such account; `policy-violation`: more than may be kept. */
  setPrivateXml: method<{ user: string; elements: readonly PrivateXml[] }, Empty>(
    subjects.roster('private-set'),
    wire.PrivateXmlSetRequest,
    wire.Empty,
  ),
  /** Empty `xml`: no vCard, no account, or an asker whom it has blocked. */
  vcard: method<{ user: string; asker: string }, { xml: Uint8Array }>(
    subjects.roster('vcard-get'),
    wire.VcardGetRequest,
    wire.VcardGetReply,
  ),
  /** `item-not-found`: no such account; `policy-violation`: too large. */
  setVcard: method<{ user: string; xml: Uint8Array }, Empty>(
    subjects.roster('vcard-set'),
    wire.VcardSetRequest,
    wire.Empty,
  ),
  /** When the account was last seen, if the asker may see its presence; the account itself may. */
  last: method<{ user: string; asker: string }, { visible: boolean; atMs: number; status: string }>(
    subjects.roster('last'),
    wire.LastActivityRequest,
    wire.LastActivityReply,
  ),
  /** Told by the owners of the users' presence, many at once; an older one than is known is passed over. */
  setLast: method<{ users: readonly LastActivity[] }, Empty>(
    subjects.roster('last-set'),
    wire.LastActivitySetRequest,
    wire.Empty,
  ),
} as const;
