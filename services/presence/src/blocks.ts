const NOBODY: ReadonlySet<string> = new Set();

/** Whom a user has blocked (XEP-0191 §2: a full JID, a bare one, a domain, a domain with a resource). JIDs are prepared. */
export class Blocks {
  readonly #jids: ReadonlySet<string>;

  constructor(jids: readonly string[]) {
    this.#jids = jids.length === 0 ? NOBODY : new Set(jids);
  }

  has(jid: string): boolean {
    if (this.#jids.size === 0) return false;
    if (this.#jids.has(jid)) return true;
    const slash = jid.indexOf('/');
    const bare = slash < 0 ? jid : jid.slice(0, slash);
    const domain = bare.slice(bare.indexOf('@') + 1);
    return this.#jids.has(bare) || this.#jids.has(domain) || (slash >= 0 && this.#jids.has(domain + jid.slice(slash)));
  }
}
