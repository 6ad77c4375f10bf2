// What the load generator is told, and what it prints: one JSON object on its command line, one on every line of its output.

/** What is sent: as fast as what has arrived allows, or so many a second. */
export type Load = 'max' | number;
export type Transport = 'tcp' | 'ws';

/** Where one connects. */
export interface Place {
  readonly transport: Transport;
  readonly port: number;
  /** Of more edges: sessions take turns. */
  readonly otherPorts?: readonly number[];
  /** What the connections come from; each address has ports of its own. Default: any. */
  readonly localAddress?: string;
  /** Of the WebSocket. */
  readonly path: string;
  readonly domain: string;
}

/** Where the sessions log in, and by which names: `prefix` and a number. */
export interface Target extends Place {
  /** The number of the first session's account; default 0. */
  readonly firstUser?: number;
  readonly prefix: string;
  readonly password: string;
  /** Of the SCRAM keys of all accounts, in base64: they have the same, so that logins cost the generator no PBKDF2. */
  readonly salt: string;
}

/** A process whose CPU and memory are counted, with all its descendants but those that are watched themselves. */
export interface WatchedPart {
  readonly label: string;
  readonly pid: number;
}

interface Loads {
  readonly loads: readonly Load[];
  readonly seconds: number;
  readonly warmupSeconds: number;
}

/** Half of the users write to the other half, one to one. */
export interface ChatOrder extends Loads {
  readonly work: 'chat';
  readonly users: number;
  /** Messages of a pair that are under way at the same time, at max. */
  readonly window: number;
  readonly bodyBytes: number;
  /** Else they bear the hint that nobody is to store them (XEP-0334). */
  readonly isStored: boolean;
}

/** Everybody, in turn, says something new of himself to his contacts. */
export interface PresenceOrder extends Loads {
  readonly work: 'presence';
  readonly users: number;
  readonly contacts: number;
  /** Of all users together, at max. */
  readonly window: number;
}

/** Everybody logs in and out: so many times to warm up, then so many times measured. */
export interface LoginOrder {
  readonly work: 'login';
  readonly users: number;
  readonly warmups: number;
  readonly passes: number;
}

/** So many sessions, then more, that do nothing. */
export interface IdleOrder {
  readonly work: 'idle';
  readonly steps: readonly number[];
  /** From the last login until memory is looked at. */
  readonly settleSeconds: number;
}

export type WorkOrder = ChatOrder | PresenceOrder | LoginOrder | IdleOrder;

export interface GeneratorOrder {
  readonly target: Target;
  readonly order: WorkOrder;
  readonly watch: readonly WatchedPart[];
}

/** While it was measured: what was delivered (messages and presences at the receivers, or logins), and what that cost. */
export interface WindowLine {
  readonly kind: 'window';
  readonly load: Load;
  readonly seconds: number;
  readonly sent: number;
  readonly delivered: number;
  /** Part → µs, user and system. */
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly generatorUs: number;
  /** Of all processes of this machine. */
  readonly machineUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** From the first one sent at a load until all was delivered, or nothing more came. */
export interface TotalLine {
  readonly kind: 'total';
  readonly load: Load;
  readonly sent: number;
  /** Of each that was sent there are so many copies. */
  readonly copies: number;
  readonly delivered: number;
}

export interface MemoryLine {
  readonly kind: 'memory';
  readonly sessions: number;
  /** Part → KiB, the proportional set size. */
  readonly pssKiB: Readonly<Record<string, number>>;
}

export type GeneratorLine = WindowLine | TotalLine | MemoryLine;

const KINDS: readonly unknown[] = ['window', 'total', 'memory'] satisfies readonly GeneratorLine['kind'][];

/** @throws Error when it is none of the generator's lines */
export function parseLine(text: string): GeneratorLine {
  const line: unknown = JSON.parse(text);
  if (typeof line !== 'object' || line === null || !('kind' in line) || !KINDS.includes(line.kind))
    throw new Error(`not a line of the generator: ${text}`);
  return line as GeneratorLine;
}
