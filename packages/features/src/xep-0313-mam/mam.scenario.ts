import { type Client, type Person, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

const NS = 'urn:xmpp:mam:2';
const SID = 'urn:xmpp:sid:0';

interface Result {
  readonly id: string;
  readonly queryId: string | undefined;
  readonly body: string;
  readonly from: string | undefined;
  readonly stamp: string;
}
interface Answer {
  readonly results: readonly Result[];
  readonly complete: boolean;
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly count: string | undefined;
}

const child = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((c): c is Element => typeof c !== 'string' && c.name === name);
const textOf = (element: Element | undefined): string | undefined => element?.children.join('');
const conditionOf = (answer: Element): string | undefined => {
  const [condition] = child(answer, 'error')?.children ?? [];
  return typeof condition === 'object' ? condition.name : undefined;
};
const field = (name: string, ...values: string[]) =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`;
const form = (...fields: string[]) =>
  `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', NS)}${fields.join('')}</x>`;
const rsm = (inner: string) => `<set xmlns='http://jabber.org/protocol/rsm'>${inner}</set>`;

let queries = 0;

/** Asks, and takes the results that came before the answer. @throws Error when it is refused */
async function query(client: Client, payload = ''): Promise<Answer> {
  const queryId = `q${++queries}`;
  const answer = await client.iq('set', '', `<query xmlns='${NS}' queryid='${queryId}'>${payload}</query>`);
  if (answer.attrs.type !== 'result') throw new Error(`refused: ${conditionOf(answer)}`);
  const results: Result[] = [];
  while (client.has(`<message><result xmlns='${NS}' queryid='${queryId}'/></message>`)) {
    const message = await client.receive(`<message><result xmlns='${NS}' queryid='${queryId}'/></message>`);
    const result = child(message, 'result');
    const forwarded = child(result, 'forwarded');
    const inner = child(forwarded, 'message');
    results.push({
      id: result?.attrs.id ?? '',
      queryId: result?.attrs.queryid,
      body: textOf(child(inner, 'body')) ?? '',
      from: inner?.attrs.from,
      stamp: child(forwarded, 'delay')?.attrs.stamp ?? '',
    });
  }
  const fin = child(answer, 'fin');
  const set = child(fin, 'set');
  return {
    results,
    complete: fin?.attrs.complete === 'true',
    first: textOf(child(set, 'first')),
    last: textOf(child(set, 'last')),
    count: textOf(child(set, 'count')),
  };
}

const refusal = async (client: Client, payload: string, to = ''): Promise<string | undefined> =>
  conditionOf(await client.iq('set', to, payload));

/** Sends messages of one device, all handled when this resolves. */
async function talk(from: Client, to: Person, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await from.sends`<message to='${to.jid}' type='chat'><body>${body}</body></message>`;
  await from.ping();
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

const bodies = ({ results }: Answer) => results.map(({ body }) => body);

scenario(
  'XEP-0313 both sides find what was said, under the ids that it had when it came',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    // Ids are given when the edge knows the log's epoch, which the archive tells within its digest interval.
    await home.sends`<message to='${juliet.jid}' type='chat' id='first'><body>ping</body></message>`;
    await balcony.receives`<message id='first'/>`;
    await garden.receives`<message id='first'/>`;
    await untilIds(home, juliet, [balcony, garden]);

    await talk(home, juliet, 'hark', '你好 <朱丽叶>');
    const live: string[] = [];
    for (const body of ['hark', '你好 &lt;朱丽叶&gt;']) {
      const ids = [];
      for (const device of [balcony, garden]) {
        const message = await device.receive(`<message><body>${body}</body></message>`);
        ids.push(child(message, 'stanza-id')?.attrs);
      }
      same(ids[0], ids[1], 'all devices see one id');
      same(ids[0]?.by, juliet.jid, 'by');
      live.push(ids[0]?.id ?? '');
    }
    await talk(balcony, romeo, 'who is there');
    await home.receive('<message><body>who is there</body></message>');

    const hers = await query(garden, rsm('<max>3</max><before/>'));
    same(bodies(hers), ['hark', '你好 <朱丽叶>', 'who is there'], 'juliet’s');
    same(
      hers.results.slice(0, 2).map(({ id }) => id),
      live,
      'the ids of the archive are those of the live ones',
    );
    same(
      hers.results.map(({ from }) => from),
      [home.jid, home.jid, balcony.jid],
      'senders',
    );
    if (!hers.results.every(({ stamp }) => Math.abs(Date.parse(stamp) - Date.now()) < 60_000))
      throw new Error('stamps');
    const his = await query(home, rsm('<max>3</max><before/>'));
    same(bodies(his), bodies(hers), 'romeo’s');
    if (his.results.some(({ id }) => live.includes(id))) throw new Error('another archive has other ids');
    const behind = await query(garden, form(field('after-id', live[0] ?? '')));
    same([bodies(behind), behind.complete], [['你好 <朱丽叶>', 'who is there'], true], 'behind the first');
  },
);

/** Sends until a message arrives with an id at all of these. */
async function untilIds(from: Client, to: Person, devices: readonly Client[]): Promise<void> {
  for (let i = 0, found = 0; found < devices.length; i++) {
    await from.sends`<message to='${to.jid}' type='chat' id='try-${i}'><body>try</body></message>`;
    found = 0;
    for (const device of devices) {
      const message = await device.receive(`<message id='try-${i}'/>`);
      if (child(message, 'stanza-id') !== undefined) found++;
    }
    if (found < devices.length) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

scenario(
  'XEP-0313 who was away catches up behind the last that he has seen',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await talk(home, juliet, 'one');
    await balcony.receive('<message><body>one</body></message>');
    const { last = '' } = await query(balcony, rsm('<max>1</max><before/>'));
    await balcony.close();
    await talk(home, juliet, 'two', 'three', 'four');
    const garden = await juliet.device('garden', { available: false });
    same(bodies(await query(garden, rsm(`<max>2</max><after>${last}</after>`))), ['two', 'three'], 'first page');
    const rest = await query(garden, form(field('after-id', last)) + rsm('<max>2</max><before/>'));
    same([bodies(rest), rest.complete], [['three', 'four'], false], 'last page');
    same(bodies(await query(garden, `${rsm('<max>2</max><before/>')}<flip-page/>`)), ['four', 'three'], 'flipped');
  },
);

scenario(
  'XEP-0313 250 messages, page by page, both ways',
  { edges: [1, 3], transports: ['tcp'] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    await juliet.register();
    const said = Array.from({ length: 250 }, (_, i) => `message ${i}`);
    await talk(home, juliet, ...said);
    const balcony = await juliet.device('balcony', { available: false });
    const forwards: string[] = [];
    for (let after = ''; ; ) {
      const page = await query(balcony, rsm(`<max>40</max>${after && `<after>${after}</after>`}`));
      forwards.push(...bodies(page));
      if (page.complete) break;
      after = page.last ?? '';
    }
    same(forwards, said, 'forwards');
    const backwards: string[] = [];
    for (let before = ''; ; ) {
      const page = await query(balcony, rsm(`<max>64</max><before>${before}</before>`));
      backwards.unshift(...bodies(page));
      if (page.complete) break;
      before = page.first ?? '';
    }
    same(backwards, said, 'backwards');
    const count = await query(balcony, rsm('<max>0</max>'));
    same([count.results.length, count.count], [0, '250'], 'counted');
  },
);

scenario(
  'XEP-0313 filters: with, start, end, ids',
  { edges: [1, 3], transports: ['tcp'] },
  async ({ romeo, juliet, nurse }) => {
    const [home] = await romeo.devices('home');
    const kitchen = await nurse.device('kitchen');
    const [balcony] = await juliet.devices('balcony');
    await talk(home, juliet, 'r1');
    await talk(kitchen, juliet, 'n1');
    await balcony.receive('<message><body>r1</body></message>');
    await balcony.receive('<message><body>n1</body></message>');
    await talk(balcony, nurse, 'to nurse');
    await talk(balcony, juliet, 'to myself');
    const all = await query(balcony);
    same([bodies(all), all.complete, all.count], [['r1', 'n1', 'to nurse', 'to myself'], true, '4'], 'all');
    same(bodies(await query(balcony, form(field('with', nurse.jid)))), ['n1', 'to nurse'], 'with nurse');
    same(bodies(await query(balcony, form(field('with', kitchen.jid)))), ['n1'], 'with her kitchen');
    same(bodies(await query(balcony, form(field('with', juliet.jid)))), ['to myself'], 'with herself');
    same(bodies(await query(balcony, form(field('with', 'nobody@x')))), [], 'with nobody');
    const [first, second] = all.results;
    same(
      bodies(await query(balcony, form(field('start', second?.stamp ?? '')))).includes('r1'),
      first?.stamp === second?.stamp,
      'start',
    );
    same(bodies(await query(balcony, form(field('end', '2020-01-01T00:00:00Z')))), [], 'end');
    const ids = all.results.slice(1, 3).map(({ id }) => id);
    same(bodies(await query(balcony, form(field('ids', ...ids)))), ['n1', 'to nurse'], 'ids');
    same(bodies(await query(balcony, form(field('include-groupchat', 'true')))).length, 4, 'groupchat');
  },
);

scenario('XEP-0313 what is refused, and how', { edges: [1], transports: ['tcp'] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  await juliet.register();
  await talk(home, juliet, 'private');
  const whole = `<query xmlns='${NS}'/>`;
  same(await refusal(home, whole, juliet.jid), 'forbidden', 'somebody else’s');
  same(await refusal(home, whole, `nobody@${world.domain}`), 'forbidden', 'nobody’s');
  same(await refusal(home, whole, romeo.jid), undefined, 'his own');
  const refused: readonly (readonly [string, string])[] = [
    [form(field('with', 'a@b@c')), 'jid-malformed'],
    [form(field('start', 'yesterday')), 'bad-request'],
    [form(field('{urn:x}search', 'x')), 'feature-not-implemented'],
    ["<x xmlns='jabber:x:data' type='submit'/>", 'bad-request'],
    [form(field('after-id', 'nothing')), 'item-not-found'],
    [form(field('ids', '1AAAAAAAAAAAAAAAAAAAAAA')), 'item-not-found'],
    [rsm('<after>nothing</after>'), 'item-not-found'],
    [rsm('<max>many</max>'), 'bad-request'],
    [rsm('<max>1</max><index>5</index>'), 'feature-not-implemented'],
  ];
  for (const [payload, condition] of refused)
    same(await refusal(home, `<query xmlns='${NS}'>${payload}</query>`), condition, payload);
  // An id of another archive tells nothing about it.
  const balcony = await juliet.device('balcony');
  const { last = '' } = await query(balcony);
  same(await refusal(home, `<query xmlns='${NS}'>${rsm(`<before>${last}</before>`)}</query>`), 'item-not-found', last);
});

scenario(
  'XEP-0313 form, metadata, and what is announced',
  { edges: [1], transports: ['tcp'] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    await home.sends`<iq type='get' id='f1'><query xmlns='urn:xmpp:mam:2'/></iq>`;
    await home.receives`<iq type='result' id='f1'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'><field var='with' type='jid-single'/><field var='ids' type='list-multi'/></x></query></iq>`;
    const empty = child(await home.iq('get', '', `<metadata xmlns='${NS}'/>`), 'metadata');
    same(empty?.children.length, 0, 'an empty archive');
    await talk(home, juliet, 'first', 'last');
    const { results } = await query(home);
    const metadata = child(await home.iq('get', romeo.jid, `<metadata xmlns='${NS}'/>`), 'metadata');
    for (const [name, result] of [
      ['start', results[0]],
      ['end', results[1]],
    ] as const)
      same(child(metadata, name)?.attrs, { id: result?.id, timestamp: result?.stamp }, name);
    await home.sends`<iq type='get' id='d1' to='${romeo.jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
    await home.receive(
      `<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='${NS}'/><feature var='${NS}#extended'/><feature var='${SID}'/></query></iq>`,
    );
    same(conditionOf(await home.iq('get', juliet.jid, `<metadata xmlns='${NS}'/>`)), 'forbidden', 'another’s metadata');
  },
);
