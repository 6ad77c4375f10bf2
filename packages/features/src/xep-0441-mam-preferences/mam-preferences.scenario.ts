import { type Client, type Person, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

const NS = 'urn:xmpp:mam:2';

const child = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((c): c is Element => typeof c !== 'string' && c.name === name);

async function prefer(client: Client, fallback: string, always: readonly string[], never: readonly string[]) {
  const list = (name: string, jids: readonly string[]) =>
    `<${name}>${jids.map((jid) => `<jid>${jid}</jid>`).join('')}</${name}>`;
  const prefs = `<prefs xmlns='${NS}' default='${fallback}'>${list('always', always)}${list('never', never)}</prefs>`;
  const answer = await client.iq('set', '', prefs);
  if (answer.attrs.type !== 'result' || child(answer, 'prefs')?.attrs.default !== fallback)
    throw new Error(`refused: ${JSON.stringify(answer)}`);
}

/** The bodies in the client's archive, in order. */
async function archived(client: Client): Promise<readonly string[]> {
  await client.iq('set', '', `<query xmlns='${NS}'/>`);
  const found: string[] = [];
  while (client.has(`<message><result xmlns='${NS}'/></message>`)) {
    const message = await client.receive(`<message><result xmlns='${NS}'/></message>`);
    const inner = child(child(child(message, 'result'), 'forwarded'), 'message');
    found.push(child(inner, 'body')?.children.join('') ?? '');
  }
  return found;
}

/** Whether the message that arrives is said to be archived. */
async function talk(from: Client, to: Person, device: Client, body: string): Promise<boolean> {
  await from.sends`<message to='${to.jid}' type='chat'><body>${body}</body></message>`;
  const message = await device.receive(`<message><body>${body}</body></message>`);
  return child(message, 'stanza-id') !== undefined;
}

scenario('XEP-0441 the preferences of an account', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  await home.sends`<iq type='get' id='p1'><prefs xmlns='urn:xmpp:mam:2'/></iq>`;
  await home.receives`<iq type='result' id='p1'><prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs></iq>`;
  await prefer(home, 'roster', ['Romeo@montague.lit/张三'], ['montague@montague.lit']);
  await phone.sends`<iq type='get' id='p2'><prefs xmlns='urn:xmpp:mam:2'/></iq>`;
  await phone.receives`<iq type='result' id='p2'><prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>romeo@montague.lit/张三</jid></always><never><jid>montague@montague.lit</jid></never></prefs></iq>`;
  for (const type of ['get', 'set'] as const) {
    const answer = await home.iq(type, juliet.jid, `<prefs xmlns='${NS}' default='never'/>`);
    if (child(child(answer, 'error'), 'forbidden') === undefined) throw new Error(JSON.stringify(answer));
  }
  const bad = await home.iq('set', '', `<prefs xmlns='${NS}' default='sometimes'/>`);
  if (child(child(bad, 'error'), 'bad-request') === undefined) throw new Error(JSON.stringify(bad));
});

scenario(
  'XEP-0441 what is excluded is delivered without an id, and not in the archive',
  { edges: [1, 3] },
  async ({ romeo, juliet, nurse }) => {
    const [home] = await romeo.devices('home');
    const kitchen = await nurse.device('kitchen');
    const balcony = await juliet.device('balcony');
    const garden = await juliet.device('garden');
    // Before the first digest of the archive no edge can tell ids.
    const expected: string[] = [];
    for (let i = 0, isKnown = false; !isKnown; i++) {
      isKnown = await talk(home, juliet, balcony, `try ${i}`);
      const other = await garden.receive(`<message><body>try ${i}</body></message>`);
      isKnown &&= child(other, 'stanza-id') !== undefined;
      expected.push(`try ${i}`);
      if (!isKnown) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const say = async (from: Client, body: string, isArchived: boolean) => {
      const ids = [await talk(from, juliet, balcony, body)];
      ids.push(child(await garden.receive(`<message><body>${body}</body></message>`), 'stanza-id') !== undefined);
      if (ids.some((has) => has !== isArchived)) throw new Error(`${body}: ids ${ids}`);
      if (isArchived) expected.push(body);
    };
    await say(home, 'before', true);
    await prefer(balcony, 'always', [], [romeo.jid]);
    await say(home, 'never', false);
    await say(kitchen, 'others', true);
    await prefer(garden, 'never', [home.jid], []);
    await say(home, 'this resource always', true);
    await say(kitchen, 'nobody else', false);
    await prefer(garden, 'roster', [], []);
    await say(home, 'a stranger', false);
    await garden.iq('set', '', `<query xmlns='jabber:iq:roster'><item jid='${romeo.jid}'/></query>`);
    await say(home, 'a contact', true);
    await garden.iq(
      'set',
      '',
      `<query xmlns='jabber:iq:roster'><item jid='${romeo.jid}' subscription='remove'/></query>`,
    );
    await say(home, 'a stranger again', false);
    const found = await archived(balcony);
    if (found.join() !== expected.join()) throw new Error(`archived: ${found}`);
    // A login on another edge reads them.
    await garden.close();
    const window = await juliet.device('window');
    if (await talk(home, juliet, window, 'at the window')) throw new Error('an id of what is excluded');
    // He has all of it in his own.
    await home.ping();
    if (!(await archived(home)).includes('a stranger')) throw new Error('the sender’s archive is his own');
  },
);
