import type { BareJid } from '@starling/jid';

/** Re-publication of an entry takes milliseconds: what is older than this has arrived long ago, or a gap was seen. */
const RECENT_MS = 5_000;
/** Logs that one session remembers; who writes to more of them at once loses the order towards the first. */
const LOGS_MAX = 16;

interface Entry {
  sequence: number;
  atMs: number;
}

/** Where a session's last entry stands in each log that it wrote to lately: a live stanza goes out behind it (RFC 6120 §10.1). */
export class RecentEntries {
  /** Undefined until the first. */
  #last: Map<BareJid, Entry> | undefined;

  /** The session's entry was committed to this log. */
  wrote(owner: BareJid, sequence: number, nowMs: number): void {
    this.#last ??= new Map();
    const known = this.#last.get(owner);
    if (known !== undefined) {
      known.sequence = sequence;
      known.atMs = nowMs;
      return;
    }
    if (this.#last.size >= LOGS_MAX) forgetOldest(this.#last);
    this.#last.set(owner, { sequence, atMs: nowMs });
  }

  /** The sequence that a live stanza to this log's owner has to come behind; 0 when there is none. */
  behind(owner: BareJid, nowMs: number): number {
    const entry = this.#last?.get(owner);
    return entry !== undefined && nowMs - entry.atMs < RECENT_MS ? entry.sequence : 0;
  }
}

function forgetOldest(last: Map<BareJid, Entry>): void {
  const oldest = [...last].reduce((a, b) => (b[1].atMs < a[1].atMs ? b : a));
  last.delete(oldest[0]);
}
