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

export interface ConnectCommand {
  readonly do: 'connect';
  /** Bare or full. */
  readonly jid: string;
  readonly password: string;
  readonly endpoint: Endpoint;
}
export interface SendCommand {
  readonly do: 'send';
  readonly to: string;
  readonly body: string;
  readonly id: string;
  readonly type: string;
}
export type Command = ConnectCommand | SendCommand | { readonly do: 'close' };

export type ForeignEvent =
  | { readonly event: 'online'; readonly jid: string }
  | { readonly event: 'message'; readonly message: ForeignMessage }
  | { readonly event: 'error'; readonly text: string };

/** What a driver does with each command. */
export interface Driver {
  connect(command: ConnectCommand): Promise<void>;
  send(command: SendCommand): Promise<void>;
  close(): Promise<void>;
}

export function tell(event: ForeignEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Obeys stdin, one command after the other, until `close` or its end; then leaves. */
export async function serveCommands(driver: Driver): Promise<void> {
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      const command = JSON.parse(line) as Command;
      if (command.do === 'close') break;
      if (command.do === 'connect') await driver.connect(command);
      else await driver.send(command);
    }
    await driver.close();
  } catch (error) {
    // Policy: whoever started the driver decides; it cannot go on.
    tell({ event: 'error', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
  }
  process.exit();
}
