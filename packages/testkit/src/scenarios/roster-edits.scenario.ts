import type { Element } from '@starling/xml';
import type { Client } from '../client.ts';
import { scenario } from '../scenario.ts';

const EDITS = 1_000;
const CONTACTS = 25;
const DEVICES = ['a', 'b', 'c', 'd'];
const WITHIN_MS = 90_000;

const elementsOf = (element: Element | undefined) =>
  (element?.children ?? []).filter((c): c is Element => typeof c !== 'string');

/** A roster as a client has it that reads pushes only. */
class Mirror {
  readonly items = new Map<string, string>();
  version = '';

  apply(query: Element): void {
    for (const { attrs } of elementsOf(query)) {
      if (attrs.subscription === 'remove') this.items.delete(attrs.jid ?? '');
      else this.items.set(attrs.jid ?? '', attrs.name ?? '');
    }
    this.version = query.attrs.ver ?? this.version;
  }

  get text(): string {
    return JSON.stringify([this.version, [...this.items].sort()]);
  }
}

async function rosterOf(client: Client): Promise<Mirror> {
  const mirror = new Mirror();
  const [query] = elementsOf(await client.iq('get', '', "<query xmlns='jabber:iq:roster'/>"));
  if (query) mirror.apply(query);
  return mirror;
}

scenario(
  `RFC 6121 §2 ${EDITS} edits of one roster at once: all clients end with the same roster and version`,
  { edges: [1, 3], modes: ['cluster'], transports: ['tcp'], timeoutMs: 2 * WITHIN_MS },
  async ({ romeo }) => {
    const devices = await romeo.devices(...DEVICES);
    const mirrors = await Promise.all(devices.map(rosterOf));
    for (let i = 0; i < EDITS; i++) {
      const device = devices[i % devices.length];
      const jid = `contact${i % CONTACTS}@example.com`;
      const what = i % 11 === 10 ? "subscription='remove'" : `name='${i}'`;
      device?.sendXml(
        `<iq type='set' id='e${i}'><query xmlns='jabber:iq:roster'><item jid='${jid}' ${what}/></query></iq>`,
      );
    }
    const deadline = Date.now() + WITHIN_MS;
    for (let i = 0; i < EDITS; i++)
      await devices[i % devices.length]?.receive(`<iq id='e${i}'/>`, Math.max(0, deadline - Date.now()));
    const truth = await rosterOf(await romeo.device('late'));
    for (const [i, device] of devices.entries()) {
      const mirror = mirrors[i] as Mirror;
      const versions = new Set<string>();
      while (mirror.version !== truth.version) {
        const push = await device.receive("<iq type='set'/>", Math.max(0, deadline - Date.now()));
        const [query] = elementsOf(push);
        if (!query || versions.has(query.attrs.ver ?? '')) throw new Error(`${device.jid}: a version twice`);
        versions.add(query.attrs.ver ?? '');
        mirror.apply(query);
      }
      if (mirror.text !== truth.text) throw new Error(`${device.jid} has ${mirror.text}, not ${truth.text}`);
    }
  },
);
