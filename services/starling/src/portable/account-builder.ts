import {
  ARCHIVE_DEFAULT,
  type ImportedRequest,
  type PrivateXml,
  type RosterItem,
  type ScramKeys,
  SUBSCRIPTION,
} from '@starling/contracts';
import { bareOf, tryParseJid } from '@starling/jid';
import { type Element, serializeBytes } from '@starling/xml';
import type { PortableAccount, PortablePreferences } from './account-elements.ts';
import { NS } from './names.ts';

/** The keys that a login can use here. */
const MECHANISMS: ReadonlySet<string> = new Set(['SCRAM-SHA-1', 'SCRAM-SHA-256']);

/** An account as a file has it. */
export type ReadAccount = Omit<PortableAccount, 'requests'> & { readonly requests: readonly ImportedRequest[] };

/** Gathers an account from the children of `<user/>`, in whichever order; what it cannot take it notes for the operator. */
export class AccountBuilder {
  readonly #keys = new Map<string, ScramKeys>();
  readonly #items = new Map<string, RosterItem>();
  readonly #requests: ImportedRequest[] = [];
  readonly #privateXml = new Map<string, PrivateXml>();
  readonly #blocked = new Set<string>();
  readonly #note: (text: string) => void;
  #vcard: Uint8Array | undefined;
  #preferences: PortablePreferences | undefined;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  get account(): ReadAccount {
    return {
      keys: [...this.#keys.values()],
      items: [...this.#items.values()],
      requests: this.#requests,
      vcard: this.#vcard,
      privateXml: [...this.#privateXml.values()],
      blocked: [...this.#blocked],
      preferences: this.#preferences,
    };
  }

  take(element: Element): void {
    const reader = READERS[`${element.ns} ${element.name}`];
    if (reader) reader(this, element);
    else this.#note(`<${element.name} xmlns='${element.ns}'/> is not taken over`);
  }

  credentials(element: Element): void {
    const mechanism = element.attrs.mechanism ?? '';
    const text = (name: string) => textOf(childrenOf(element, name)[0]).trim();
    const iterations = Number(text('iter-count'));
    if (!MECHANISMS.has(mechanism) || !Number.isSafeInteger(iterations)) {
      this.#note(`credentials for '${mechanism}' are not taken over`);
      return;
    }
    const bytes = (name: string) => Buffer.from(text(name), 'base64');
    const keys = { salt: bytes('salt'), storedKey: bytes('stored-key'), serverKey: bytes('server-key') };
    this.#keys.set(mechanism, { mechanism, iterations, ...keys });
  }

  roster(element: Element): void {
    for (const item of childrenOf(element, 'item')) {
      const jid = tryParseJid(item.attrs.jid ?? '');
      if (jid === undefined) {
        this.#note(`'${item.attrs.jid ?? ''}' in the roster is no address`);
        continue;
      }
      const subscription = SUBSCRIPTION[(item.attrs.subscription ?? 'none') as keyof typeof SUBSCRIPTION] ?? 0;
      this.#items.set(jid, {
        ...{ jid, name: item.attrs.name ?? '', subscription, removed: false },
        groups: [...new Set(childrenOf(item, 'group').map(textOf))].filter((group) => group !== ''),
        ask: item.attrs.ask === 'subscribe' && (subscription & SUBSCRIPTION.to) === 0,
        approved: item.attrs.approved === 'true' || item.attrs.approved === '1',
      });
    }
  }

  request(element: Element): void {
    const from = tryParseJid(element.attrs.from ?? '');
    if (element.attrs.type !== 'subscribe' || from === undefined) {
      this.#note('a presence that is no subscription request is not taken over');
      return;
    }
    this.#requests.push({ contact: bareOf(from), stanza: serializeBytes(element, NS.client) });
  }

  vcard(element: Element): void {
    this.#vcard = serializeBytes(element);
  }

  privateStorage(element: Element): void {
    for (const child of element.children) {
      if (typeof child === 'string') continue;
      const { ns, name } = child;
      this.#privateXml.set(`${ns} ${name}`, { ns, name, xml: serializeBytes(child) });
    }
  }

  /** XEP-0016 can say more than a block list: whoever is wholly denied by the default list is blocked. */
  privacy(element: Element): void {
    const [byDefault] = childrenOf(element, 'default');
    for (const list of childrenOf(element, 'list')) {
      const isDefault = list.attrs.name !== undefined && list.attrs.name === byDefault?.attrs.name;
      if (!isDefault) this.#note(`the privacy list '${list.attrs.name ?? ''}' is not taken over`);
      else for (const item of [...childrenOf(list, 'item')].sort(byOrder)) this.#deny(item);
    }
  }

  preferences(element: Element): void {
    const jids = (name: string) =>
      childrenOf(childrenOf(element, name)[0], 'jid').flatMap((jid) => tryParseJid(textOf(jid).trim()) ?? []);
    const fallback = ARCHIVE_DEFAULT[(element.attrs.default ?? 'always') as keyof typeof ARCHIVE_DEFAULT];
    this.#preferences = { fallback: fallback ?? ARCHIVE_DEFAULT.always, always: jids('always'), never: jids('never') };
  }

  #deny(item: Element): void {
    const { type, value = '', action } = item.attrs;
    const jid = tryParseJid(value);
    const isWhole = !item.children.some((child) => typeof child !== 'string');
    if (type === 'jid' && action === 'deny' && isWhole && jid !== undefined) this.#blocked.add(jid);
    else if (action !== 'allow') this.#note(`the privacy rule for '${value}' is not taken over`);
  }
}

const READERS: Readonly<Record<string, (builder: AccountBuilder, element: Element) => void>> = {
  [`${NS.scram} scram-credentials`]: (builder, element) => builder.credentials(element),
  [`${NS.roster} query`]: (builder, element) => builder.roster(element),
  [`${NS.client} presence`]: (builder, element) => builder.request(element),
  [`${NS.vcard} vCard`]: (builder, element) => builder.vcard(element),
  [`${NS.private} query`]: (builder, element) => builder.privateStorage(element),
  [`${NS.privacy} query`]: (builder, element) => builder.privacy(element),
  [`${NS.mam} prefs`]: (builder, element) => builder.preferences(element),
};

const byOrder = (a: Element, b: Element): number => Number(a.attrs.order ?? 0) - Number(b.attrs.order ?? 0);

/** Of the element's own namespace. */
function childrenOf(element: Element | undefined, name: string): readonly Element[] {
  if (element === undefined) return [];
  return element.children.filter(
    (child): child is Element => typeof child !== 'string' && child.name === name && child.ns === element.ns,
  );
}

const textOf = (element: Element | undefined): string =>
  element?.children.map((child) => (typeof child === 'string' ? child : '')).join('') ?? '';
