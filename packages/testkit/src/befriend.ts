import type { Client } from './client.ts';

const bareOf = ({ jid }: Client): string => jid.slice(0, jid.indexOf('/'));

/** Two who are available watch each other from here on (RFC 6121 §3.1); resolves when each has seen the other. */
export async function befriend(one: Client, other: Client): Promise<void> {
  await subscribe(one, other);
  await subscribe(other, one);
  await one.receives`<presence from='${other.jid}'/>`;
  await other.receives`<presence from='${one.jid}'/>`;
}

async function subscribe(watcher: Client, watched: Client): Promise<void> {
  await watcher.sends`<presence type='subscribe' to='${bareOf(watched)}'/>`;
  await watched.receives`<presence type='subscribe' from='${bareOf(watcher)}'/>`;
  await watched.sends`<presence type='subscribed' to='${bareOf(watcher)}'/>`;
  await watched.ping(); // both sides have it
}
