import type { ClientSession, EdgeWithoutSockets } from '@starling/edge/testing/edge-without-sockets';
import type { EdgeWithoutViews, TellableSession } from '@starling/edge/testing/edge-without-views';
import type { BareJid } from '@starling/jid';
import { usernameOf } from '../presence/people.ts';
import type { Connection } from './network.ts';
import { CAPS, RESOURCE } from './people.ts';
import type { Actor } from './virtual-time.ts';

/** One process of the simulated cluster, and its connection to the others. */
export interface Process {
  readonly id: string;
  readonly actor: Actor;
  readonly connection: Connection;
}

/** What a person does with his session. */
export interface SimulatedSession {
  /** Full JID. */
  readonly jid: string;
  /** Of what it said of itself last. */
  readonly stamp: number;
  /** Stamps of those who are available to it; nobody on an edge without views. */
  shown(): ReadonlyMap<string, number>;
  /** @param presence what stands in the stanza, its end tag included */
  change(presence: string): void;
  send(stanza: string): void;
}

export interface SimulatedEdge extends Process {
  readonly isWhole: boolean;
  /** With presence sent. @throws StanzaError, RpcError */
  login(person: number): Promise<SimulatedSession>;
  /** It may be asked to tell its sessions again. */
  expectDeath(): void;
}

class WholeSession implements SimulatedSession {
  readonly #edge: EdgeWithoutSockets;
  readonly #session: ClientSession;

  constructor(edge: EdgeWithoutSockets, session: ClientSession) {
    this.#edge = edge;
    this.#session = session;
  }

  get jid(): string {
    return this.#session.jid;
  }
  get stamp(): number {
    return this.#session.stamp;
  }
  shown(): ReadonlyMap<string, number> {
    return new Map(this.#session.view.available());
  }
  change(presence: string): void {
    this.send(`<presence>${presence}`);
  }
  send(stanza: string): void {
    this.#edge.receive(this.#session, stanza);
  }
}

class CrowdSession implements SimulatedSession {
  readonly #edge: EdgeWithoutViews;
  readonly #session: TellableSession;

  constructor(edge: EdgeWithoutViews, session: TellableSession) {
    this.#edge = edge;
    this.#session = session;
  }

  get jid(): string {
    return `${this.#session.user}/${RESOURCE}`;
  }
  get stamp(): number {
    return this.#session.stamp;
  }
  shown(): ReadonlyMap<string, number> {
    return NOBODY;
  }
  change(presence: string): void {
    this.#edge.show(this.#session, bytesOf(this.#session.user, presence));
  }
  /** It has none to talk to. */
  send(): void {}
}

const NOBODY: ReadonlyMap<string, number> = new Map();
const INITIAL = `${CAPS}</presence>`;
/** As an edge makes them of a stanza. */
const bytesOf = (user: BareJid, presence: string) => Buffer.from(` from="${user}/${RESOURCE}">${presence}`);

export const wholeEdge = (process: Process, edge: EdgeWithoutSockets): SimulatedEdge => ({
  ...process,
  isWhole: true,
  expectDeath: () => undefined,
  login: async (person) => {
    const session = new WholeSession(edge, await edge.login(usernameOf(person), RESOURCE));
    session.change(INITIAL);
    return session;
  },
});

export const crowdEdge = (
  process: Process,
  edge: EdgeWithoutViews,
  jidOf: (person: number) => BareJid,
): SimulatedEdge => ({
  ...process,
  isWhole: false,
  expectDeath: () => {
    edge.isReading = true;
  },
  login: async (person) => {
    const user = jidOf(person);
    return new CrowdSession(edge, await edge.login(user, RESOURCE, bytesOf(user, INITIAL)));
  },
});
