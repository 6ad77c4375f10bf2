import type { Bus, Log, Records } from '@starling/bus';
import { makeBareJid } from '@starling/jid';
import { ownersConfig } from '@starling/owners';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { DEFAULT_LIMITS, NS_CLIENT, Scanner } from '@starling/xml';
import { archiveIdsOf } from '../archive-ids.ts';
import { edgeConfig } from '../config.ts';
import { Edge } from '../edge.ts';
import { featureConfigs } from '../feature-configs.ts';
import type { Groups } from '../presence/presence.ts';
import type { ClientSession, Link } from '../session.ts';
import { SOFTWARE } from '../software.ts';

export type { ClientSession };

export interface EdgeWithoutSocketsOptions {
  readonly id: string;
  readonly domain: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly sessionRecords: Records;
  readonly groups: Groups;
  /** What was written to some client. */
  readonly onWrite: (stanza: Uint8Array) => void;
}

/** A whole edge, but for what is between a socket and a session: sessions are begun without streams, and get stanzas as text. */
export class EdgeWithoutSockets {
  readonly #edge: Edge;
  readonly #scanner: Scanner;
  readonly #link: Link;
  readonly #domain: string;
  #receiver: ClientSession | undefined;

  constructor({ id, domain, bus, log, sessionRecords, groups, onWrite }: EdgeWithoutSocketsOptions) {
    const env = {
      STARLING_DOMAIN: domain,
      STARLING_ARCHIVE_ID_SECRET: 'of a test, and long enough',
      STARLING_PAGE: 'off',
    };
    const config = loadConfig({ edge: edgeConfig, owners: ownersConfig, ...featureConfigs }, { env, args: [] });
    const shared = { id, bus, log, sessionRecords, records: sessionRecords, software: SOFTWARE, logger: silentLogger };
    this.#edge = new Edge(
      { ...shared, config: config.edge, featureConfig: config, owners: config.owners, metrics: new MetricsRegistry() },
      archiveIdsOf(config.edge),
      groups,
    );
    this.#domain = domain;
    const handler = {
      onStreamOpen: () => undefined,
      onElement: (element: Parameters<ClientSession['receive']>[0]) => this.#receiver?.receive(element),
      onStreamClose: () => undefined,
    };
    this.#scanner = new Scanner('message', DEFAULT_LIMITS, handler, { '': NS_CLIENT });
    this.#link = linkTo(onWrite);
    this.#edge.begin();
  }

  /** What a login asks the roster service and the owner for, without the exchange of SASL. @throws StanzaError */
  async login(username: string, resource: string): Promise<ClientSession> {
    const user = makeBareJid(username, this.#domain);
    await this.#edge.lookupKeys(user);
    const session = await this.#edge.prepareSession(this.#link, user, resource);
    this.#edge.sessionStarted(session);
    return session;
  }

  /** A stanza from the session's client. */
  receive(session: ClientSession, stanza: string): void {
    this.#receiver = session;
    this.#scanner.write(Buffer.from(stanza));
  }
}

/** Nobody is silent, and nobody is slow. */
const linkTo = (write: (stanza: Uint8Array) => void): Link => ({
  peerAddress: '127.0.0.1',
  loopback: true,
  lang: '',
  get heardAt() {
    return performance.now();
  },
  bufferedBytes: 0,
  write,
  writeElement: () => undefined,
  stall: () => undefined,
  unstall: () => undefined,
  fail: () => undefined,
  destroy: () => undefined,
  leave: () => undefined,
});
