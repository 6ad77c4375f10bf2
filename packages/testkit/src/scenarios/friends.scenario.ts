import { type ForeignClient, type ForeignKind, SPEAKS } from '../foreign.ts';
import { scenario } from '../scenario.ts';
import type { Scene } from '../scene.ts';

// RFC 6121 §3 and §4 as two people know them, with clients that nobody here wrote: they add each other, see each other come and go,
// chat, and part.

const KINDS: readonly ForeignKind[] = ['slixmpp', 'xmpp-client', 'stanza', 'profanity'];
const PAIRS = KINDS.flatMap((one, i) => KINDS.slice(i + 1).map((other) => [one, other] as const));

/** A client, its owner's bare JID, and how it comes back. */
interface Friend {
  readonly bare: string;
  readonly client: ForeignClient;
  again(): Promise<ForeignClient>;
}

async function arrive(scene: Scene, kind: ForeignKind, name: string, resource: string): Promise<Friend> {
  const person = scene.person(name);
  const again = () => scene.foreign(kind, person, resource, { transport: SPEAKS[kind][0] ?? 'tcp' });
  return { bare: person.jid, client: await again(), again };
}

/** RFC 6121 §3.1: a request, its approval, and the same the other way round. */
async function befriend(romeo: Friend, juliet: Friend): Promise<void> {
  romeo.client.add(juliet.bare, 'Juliet');
  romeo.client.subscription('subscribe', juliet.bare);
  await juliet.client.sees(romeo.bare, { type: 'subscribe' });
  juliet.client.subscription('subscribed', romeo.bare);
  await romeo.client.hasContact(juliet.bare, 'to');
  juliet.client.subscription('subscribe', romeo.bare);
  await romeo.client.sees(juliet.bare, { type: 'subscribe' });
  romeo.client.subscription('subscribed', juliet.bare);
  await Promise.all([romeo.client.hasContact(juliet.bare, 'both'), juliet.client.hasContact(romeo.bare, 'both')]);
}

async function chat(one: ForeignClient, other: ForeignClient, text: string): Promise<void> {
  const before = other.received.length;
  one.send(other.jid, text);
  const messages = await other.messages(before + 1);
  const message = messages.at(-1);
  if (message?.body !== text || message.from !== one.jid) throw new Error(JSON.stringify(message));
}

for (const [one, other] of PAIRS) {
  scenario(`RFC 6121 §3, 4 ${one} and ${other} are friends`, { edges: [1, 3], transports: ['tcp'] }, async (scene) => {
    const [romeo, juliet] = await Promise.all([
      arrive(scene, one, 'romeo', 'orchard'),
      arrive(scene, other, 'juliet', 'balcony'),
    ]);
    await befriend(romeo, juliet);
    await romeo.client.sees(juliet.client.jid, { type: '' });
    await juliet.client.sees(romeo.client.jid, { type: '' });

    romeo.client.show('away', '城中');
    await juliet.client.sees(romeo.client.jid, { type: '', show: 'away', status: '城中' });
    await chat(romeo.client, juliet.client, '你好 ✓');
    await chat(juliet.client, romeo.client, 'Ay me');

    await juliet.client.close();
    await romeo.client.sees(juliet.client.jid, { type: 'unavailable' });
    const back = await juliet.again();
    await romeo.client.sees(back.jid, { type: '' });
    // What she gets at her own login (§4.3): how he is now.
    await back.sees(romeo.client.jid, { type: '', show: 'away', status: '城中' });

    // §2.5.2: both subscriptions end with the item.
    romeo.client.remove(juliet.bare);
    await back.sees(romeo.client.jid, { type: 'unavailable' });
    await back.hasContact(romeo.bare, 'none');
  });
}
