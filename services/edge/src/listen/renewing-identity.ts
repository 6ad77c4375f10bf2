import type { SecureContext } from 'node:tls';
import type { Counter, Logger } from '@starling/runtime';
import { loadIdentity, type TlsIdentity } from './tls-context.ts';

export interface RenewalOptions {
  /** PEM files as in TlsOptions; both empty: our own certificate, which is not renewed while we run. */
  readonly cert: string;
  readonly key: string;
  /** Between two looks at the files; 0: never. */
  readonly intervalMs: number;
  readonly outcomes: Counter<'outcome'>;
  readonly log: Logger;
}

/**
 * A certificate whose files are read again and again: whoever renews it (cert-manager, certbot) need not restart an edge and its sessions.
 * New handshakes see the new one; connections that are open keep what they have. The files are read and not watched, since Kubernetes
 * replaces a folder of them by a link, of which no watch on the file hears.
 */
export class RenewingIdentity implements TlsIdentity {
  readonly #options: RenewalOptions;
  #current: TlsIdentity;
  #timer: NodeJS.Timeout | undefined;

  constructor(current: TlsIdentity, options: RenewalOptions) {
    this.#current = current;
    this.#options = options;
    if (options.cert !== '' && options.intervalMs > 0) this.#plan();
  }

  get context(): SecureContext {
    return this.#current.context;
  }
  get selfSigned(): boolean {
    return this.#current.selfSigned;
  }
  get fingerprint(): string {
    return this.#current.fingerprint;
  }
  get notAfter(): Date {
    return this.#current.notAfter;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Reads the files; resolves when what is in them, if it is new and good, is what is shown. */
  async look(): Promise<void> {
    const { cert, key, outcomes, log } = this.#options;
    try {
      const found = await loadIdentity(cert, key);
      if (found.fingerprint === this.#current.fingerprint) return;
      this.#current = found;
      outcomes.inc(1, { outcome: 'loaded' });
      const { fingerprint, notAfter } = found;
      log.info({ what: 'certificate_loaded', selfSigned: false, fingerprint, notAfter: notAfter.toISOString() });
    } catch (err) {
      // Policy: half of a renewal, or a broken one, is no reason to have no certificate; the next look may find a whole one.
      outcomes.inc(1, { outcome: 'failed' });
      log.error({ what: 'certificate_reload_failed', err });
    }
  }

  #plan(): void {
    this.#timer = setTimeout(async () => {
      await this.look();
      if (this.#timer !== undefined) this.#plan();
    }, this.#options.intervalMs);
    this.#timer.unref();
  }
}
