/** A server that runs for the comparison. All of them listen on loopback, and have the same accounts. */
export interface PeerServer {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** Accounts whose passwords are stored as the server does by default. */
  readonly domain: string;
  /** Accounts of which only SCRAM keys are stored. */
  readonly scramDomain: string;
  /** Of the user names; a number from 0 on follows. */
  readonly prefix: string;
  /** Whose CPU is counted. */
  readonly parts: readonly PeerPart[];
  /** The contacts that were asked for are there; else they are to be made by stanzas. */
  readonly hasContacts: boolean;
  /** Messages in its archive: a row for each of both users. */
  archivedRows(): Promise<number>;
  stop(): Promise<void>;
}

export interface PeerPart {
  readonly label: string;
  readonly pid: number;
  /** Its descendants too. */
  readonly isTree: boolean;
}

export interface PeerOptions {
  /** The folder with the load generator, and the scripts that start the other servers. */
  readonly peersFolder: string;
  readonly accounts: number;
  readonly password: string;
  /** Of taskset: each server has the same. */
  readonly serverCores: string;
  /** Everybody in groups of one more has everybody else; 0: nobody has anybody. */
  readonly contacts: number;
  /** Every message is kept in PostgreSQL for both users (XEP-0313); else the others only route. Ours keeps them in any case. */
  readonly archives: boolean;
}
