import { type Client, type Person, type Scene, scenario, showElement } from '@starling/testkit';
import { ALL, away, gone, home, NO_SUCH_USER, phone, type Row, SECTION_8_5, silent } from './section-8-5.ts';

type Kind = keyof typeof SECTION_8_5;

/** Somebody in one of the table's states: his devices by resource. */
interface Household {
  readonly jid: string;
  readonly devices: ReadonlyMap<string, Client>;
}

const CONDITIONS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const UNAVAILABLE = `<service-unavailable xmlns='${CONDITIONS}'/>`;
const PAYLOADS: Readonly<Record<Kind, string>> = {
  message: '<body>hark</body>',
  presence: '',
  // Which the server answers for an account, and a client for itself.
  iq: "<vCard xmlns='vcard-temp'/>",
};

/** A session of each kind that the table has; nobody detached, as no client can be that on demand. */
async function settle(person: Person, rows: readonly { readonly resource: string; readonly priority: number }[]) {
  const devices = new Map<string, Client>();
  for (const { resource, priority } of rows) {
    const device = await person.device(resource, { available: false });
    devices.set(resource, device);
    if (resource === silent.resource) continue;
    await device.sends`<presence><priority>${priority}</priority></presence>`;
    for (const [name, other] of devices)
      if (name !== silent.resource)
        await other.receives`<presence from='${device.jid}'><priority>${priority}</priority></presence>`;
  }
  return { jid: person.jid, devices };
}

async function householdsOf(scene: Scene): Promise<(row: Row) => Household | undefined> {
  const { juliet, nurse, person } = scene;
  const [peter, paris] = [person('peter'), person('paris')];
  await paris.register();
  const all = await settle(juliet, [silent, home, phone, away]);
  const onlyNegative = await settle(nurse, [away]);
  const onlyConnected = await settle(peter, [silent]);
  const nobodyThere = { jid: paris.jid, devices: new Map() };
  const noSuchUser = { jid: person('nobody').jid, devices: new Map() };
  return ([, , , sessions]) => {
    if (sessions === NO_SUCH_USER) return noSuchUser;
    if (sessions === ALL) return all;
    if (sessions.includes(away)) return onlyNegative;
    if (sessions.includes(silent)) return onlyConnected;
    return sessions.includes(gone) ? undefined : nobodyThere;
  };
}

const nameOf = (kind: Kind, [section, type, resource, sessions, expected]: Row) => {
  const there = sessions?.map((s) => s.resource).join('+') ?? 'no such user';
  const outcome = typeof expected === 'string' ? expected : expected.map((s) => s.resource).join('+');
  return `${section}: ${kind} ${type} to /${resource}, ${there || 'nobody'} → ${outcome}`;
};

/** What must come of a row: at whom, and as an answer to the sender. */
interface Outcome {
  readonly resources: readonly string[];
  /** Pattern; '' = nothing. */
  readonly answer: string;
}

/** By the table; §8.5.3.1: who sees nothing of the user hears of every resource what he would hear of one that is not there. */
function outcomeOf(kind: Kind, row: Row, id: string, whom: Household, sees: boolean): Outcome {
  const [, type, resource, sessions, expected] = row;
  const to = resource === '' ? whom.jid : `${whom.jid}/${resource}`;
  const refused = `<${kind} type='error' id='${id}' from='${to}'><error>${UNAVAILABLE}</error></${kind}>`;
  const isRequest = kind === 'iq' && (type === 'get' || type === 'set');
  // §4.3.2 for a probe: the same whether there is such a user or not.
  if (type === 'probe')
    return { resources: [], answer: sees ? '' : `<presence type='unsubscribed' id='${id}' from='${whom.jid}'/>` };
  if (expected === 'server') {
    if (isRequest) return { resources: [], answer: `<iq id='${id}' from='${whom.jid}'/>` };
    const available = type === 'subscribe' && sessions === ALL ? [home, phone, away] : [];
    return { resources: available.map((s) => s.resource), answer: '' }; // the others are about no subscription
  }
  if (expected === 'error') return { resources: [], answer: isRequest ? `<iq id='${id}' type='…'/>` : refused };
  if (typeof expected === 'string') return { resources: [], answer: '' };
  if (isRequest && !sees) return { resources: [], answer: refused };
  return { resources: expected.map((s) => s.resource), answer: '' };
}

/** Plays all rows of one kind, and returns what did not come out as the table has it. */
async function play(kind: Kind, sender: Client, sees: boolean, householdOf: (row: Row) => Household | undefined) {
  const faults: string[] = [];
  const played: { name: string; id: string; whom: Household; outcome: Outcome }[] = [];
  for (const [index, row] of SECTION_8_5[kind].entries()) {
    const whom = householdOf(row);
    if (whom === undefined) continue;
    const [, type, resource] = row;
    const id = `${kind}-${sees ? 'friend' : 'stranger'}-${index}`;
    const outcome = outcomeOf(kind, row, id, whom, sees);
    const to = resource === '' ? whom.jid : `${whom.jid}/${resource}`;
    const error = type === 'error' ? `<error type='cancel'>${UNAVAILABLE}</error>` : '';
    sender.sendXml(`<${kind} id='${id}' to='${to}'${type && ` type='${type}'`}>${PAYLOADS[kind]}${error}</${kind}>`);
    // One request of a contact at a time is shown (§3.1.3): the next one must be the first again.
    if (type === 'subscribe') sender.sendXml(`<presence id='${id}-back' to='${whom.jid}' type='unsubscribe'/>`);
    played.push({ name: nameOf(kind, row), id, whom, outcome });
  }
  for (const { name, id, whom, outcome } of played) {
    if (outcome.answer !== '')
      await sender.receive(outcome.answer).catch((error: Error) => faults.push(`${name}: ${error.message}`));
    for (const resource of outcome.resources)
      await whom.devices
        .get(resource)
        ?.receive(`<${kind} id='${id}'/>`)
        .catch((e: Error) => faults.push(`${name}: ${e.message}`));
  }
  await mark(sender, new Set(played.map(({ whom }) => whom)));
  for (const { name, id, whom, outcome } of played) {
    for (const [resource, { history }] of whom.devices) {
      const got = history.filter((e) => e.attrs.id === id && e.name === kind);
      const expected = outcome.resources.includes(resource) ? 1 : 0;
      if (got.length !== expected) faults.push(`${name}: ${resource} got it ${got.length} times`);
    }
    const answers = sender.history.filter((e) => e.attrs.id === id);
    if (answers.length !== (outcome.answer === '' ? 0 : 1))
      faults.push(`${name}: the sender heard ${answers.map((e) => showElement(e)).join() || 'nothing'}`);
  }
  return faults;
}

/** Behind this, whatever was sent before has come, or comes never: the same way, in order (RFC 6120 §10.1). */
async function mark(sender: Client, households: ReadonlySet<Household>): Promise<void> {
  for (const { jid, devices } of households) {
    const id = `mark-${Math.random()}`;
    if (devices.size === 0) continue;
    for (const device of devices.values())
      await sender.sends`<message to='${device.jid}' type='chat' id='${id}'><body>${jid}</body></message>`;
    for (const device of devices.values()) await device.receives`<message id='${id}'/>`;
  }
  await sender.ping();
}

scenario('RFC 6121 §8.5 played as the table has it', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet, person } = scene;
  const householdOf = await householdsOf(scene);
  const [friend, stranger] = [await romeo.device('orchard'), await person('tybalt').device('street')];
  const balcony = await juliet.device('balcony', { available: false });
  await friend.sends`<presence type='subscribe' to='${juliet.jid}'/>`;
  await friend.ping();
  await balcony.sends`<presence type='subscribed' to='${romeo.jid}'/>`;
  await friend.receives`<presence from='${juliet.jid}/${home.resource}'/>`;
  await balcony.close();
  const faults = [
    ...(await play('message', stranger, false, householdOf)),
    ...(await play('presence', stranger, false, householdOf)),
    ...(await play('iq', stranger, false, householdOf)),
    ...(await play('iq', friend, true, householdOf)),
  ];
  if (faults.length > 0) throw new Error(`not as in the table:\n${faults.join('\n')}`);
});
