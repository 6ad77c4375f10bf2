/** A process of a system, as the ready line has it; the ports are those that it announced. */
export interface ReadyProcess {
  readonly service: string;
  readonly id: string;
  readonly pid: number;
  readonly c2s?: number;
  readonly c2sTls?: number;
  readonly http?: number;
  readonly admin?: number;
  /** Of nats-server and PostgreSQL. */
  readonly port?: number;
}

/** What `starling start --json-ready` and `starling cluster --json-ready` print. */
export interface ReadyLine {
  readonly ready: true;
  readonly domain: string;
  readonly dataDir: string;
  readonly endpoints: { readonly c2s: number; readonly c2sTls: number; readonly http: number; readonly admin: number };
  readonly processes: readonly ReadyProcess[];
}
