import { createInterface } from 'node:readline';
import type { Endpoint } from '../channel.ts';

// Between a test and a client that nobody here wrote: one JSON object a line, commands in, events out. The foreign client runs
// in a process of its own, so that its globals, its certificates' rules and its reconnecting are its own as well.

export interface ForeignMessage {
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

/** A copy of what another client of the same person has sent or received (XEP-0280), as the client tells it. */
export interface ForeignCarbon {
  readonly direction: 'sent' | 'received';
  readonly message: ForeignMessage;
}

/** The newest presence from one full address, or about a subscription from a bare one. */
export interface ForeignPresence {
  readonly from: string;
  /** 'unavailable', 'subscribe', …; '' is available. */
  readonly type: string;
  /** 'away', 'chat', 'dnd', 'xa'; '' is none of them. */
  readonly show: string;
  readonly status: string;
}

export interface ForeignContact {
  readonly jid: string;
  readonly name: string;
  readonly subscription: string;
  /** Whether a request waits for its answer (RFC 6121 §2.1.2.2). */
  readonly ask: boolean;
}

export interface ConnectCommand {
  readonly do: 'connect';
  /** Bare or full. */
  readonly jid: string;
  readonly password: string;
  readonly endpoint: Endpoint;
  /** When its connection breaks it connects again, to the same address, and goes on with its session (XEP-0198), all by its own code. */
  readonly resumes: boolean;
}
export interface SendCommand {
  /** That it has left it to the client is told by one event `sent`. */
  readonly do: 'send';
  readonly to: string;
  readonly body: string;
  readonly id: string;
  readonly type: string;
}
export interface RosterCommand {
  /** What the client shows as its roster is told by one event `roster`. */
  readonly do: 'roster';
}
export interface HistoryCommand {
  /** What its archive holds (XEP-0313), asked for page by page, is told by one event `history`. */
  readonly do: 'history';
  readonly pageSize: number;
  /** With whom; '' is everybody. profanity asks for one chat, and chooses the size of its pages. */
  readonly peer: string;
}
export interface AddCommand {
  readonly do: 'add';
  readonly jid: string;
  readonly name: string;
}
export interface RemoveCommand {
  readonly do: 'remove';
  readonly jid: string;
}
export interface SubscriptionCommand {
  readonly do: 'subscription';
  readonly type: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed';
  readonly to: string;
}
export interface PresenceCommand {
  readonly do: 'presence';
  /** 'online': available without <show/>. */
  readonly show: 'online' | 'away' | 'chat' | 'dnd' | 'xa';
  readonly status: string;
}
export interface CarbonsCommand {
  /** Enables carbons (XEP-0280); the copies are told by events `carbon`. */
  readonly do: 'carbons';
}
export interface AgainCommand {
  /** Ends its stream and logs in anew, as it does by itself; told by one event `again`. */
  readonly do: 'again';
}
export type Command =
  | ConnectCommand
  | SendCommand
  | RosterCommand
  | AddCommand
  | RemoveCommand
  | SubscriptionCommand
  | PresenceCommand
  | HistoryCommand
  | CarbonsCommand
  | AgainCommand
  | { readonly do: 'close' };

export type ForeignEvent =
  /** It has logged in; once for each session. */
  | { readonly event: 'online'; readonly jid: string }
  /** The session goes on over another connection. */
  | { readonly event: 'resumed' }
  | { readonly event: 'sent' }
  /** The server has acknowledged one of its messages; only from a client that resumes. */
  | { readonly event: 'acknowledged' }
  | { readonly event: 'message'; readonly message: ForeignMessage }
  | { readonly event: 'carbon'; readonly carbon: ForeignCarbon }
  | { readonly event: 'copying' }
  | { readonly event: 'again'; readonly jid: string; readonly mechanism: string }
  | { readonly event: 'presence'; readonly presence: ForeignPresence }
  | { readonly event: 'roster'; readonly contacts: readonly ForeignContact[] }
  | { readonly event: 'history'; readonly bodies: readonly string[] }
  | { readonly event: 'error'; readonly text: string };

/** What a driver does with each command. */
export interface Driver {
  connect(command: ConnectCommand): Promise<void>;
  send(command: SendCommand): Promise<void>;
  roster(command: RosterCommand): Promise<void>;
  add(command: AddCommand): Promise<void>;
  remove(command: RemoveCommand): Promise<void>;
  subscription(command: SubscriptionCommand): Promise<void>;
  presence(command: PresenceCommand): Promise<void>;
  /** Not every client can. */
  history?(command: HistoryCommand): Promise<void>;
  /** Not every client has carbons. */
  carbons?(): Promise<void>;
  /** Not every driver can. */
  again?(): Promise<void>;
  close(): Promise<void>;
}

export function tell(event: ForeignEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function obey(driver: Driver, command: Exclude<Command, { do: 'close' }>): Promise<void> {
  switch (command.do) {
    case 'connect':
      return driver.connect(command);
    case 'send':
      return driver.send(command).then(() => tell({ event: 'sent' }));
    case 'roster':
      return driver.roster(command);
    case 'add':
      return driver.add(command);
    case 'remove':
      return driver.remove(command);
    case 'subscription':
      return driver.subscription(command);
    case 'presence':
      return driver.presence(command);
    case 'history':
      return driver.history?.(command) ?? Promise.reject(new Error('this client does not ask for its archive'));
    case 'carbons':
      return driver.carbons?.() ?? Promise.reject(new Error('this client has no carbons'));
    case 'again':
      return driver.again?.() ?? Promise.reject(new Error('this client does not come again'));
  }
}

/** Obeys stdin, one command after the other, until `close` or its end; then leaves. */
export async function serveCommands(driver: Driver): Promise<void> {
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      const command = JSON.parse(line) as Command;
      if (command.do === 'close') break;
      await obey(driver, command);
    }
    await driver.close();
  } catch (error) {
    // Policy: whoever started the driver decides; it cannot go on.
    tell({ event: 'error', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
  }
  process.exit();
}
