import { SUBSCRIPTION, type Subscription, seesContact } from '@starling/contracts';
import { type Client, childOf, type Person, scenario } from '@starling/testkit';
import { exchange, type Step } from './exchange.ts';
import { STATES, type StateName, type SubscriptionState } from './state.ts';
import { type Move, walk } from './walk.ts';

// RFC 6121 Appendix A with clients: what transition.ts says of a stanza, two users see. Rows of A.3 that no contact on the same server can
// bring about (he would have to send what his own server does not route) are the pure table's alone.

const NAMES: Readonly<Record<Subscription, string>> = {
  [SUBSCRIPTION.none]: 'none',
  [SUBSCRIPTION.to]: 'to',
  [SUBSCRIPTION.from]: 'from',
  [SUBSCRIPTION.both]: 'both',
};
const ROSTER = "<query xmlns='jabber:iq:roster'/>";
const TIMEOUT_MS = 120_000;

interface Side {
  readonly person: Person;
  readonly device: Client;
}

/** As a client sees it: attributes of the item. */
const shownAs = ({ subscription, ask, approved }: SubscriptionState): string =>
  `${NAMES[subscription]}${ask ? ' ask' : ''}${approved ? ' approved' : ''}`;

const itemIn = (attrs: Readonly<Record<string, string>>): string =>
  `${attrs.subscription}${attrs.ask === 'subscribe' ? ' ask' : ''}${attrs.approved === 'true' ? ' approved' : ''}`;

function describeState(state: SubscriptionState): string {
  const same = ({ subscription, ask, requested }: SubscriptionState) =>
    subscription === state.subscription && ask === state.ask && requested === state.requested;
  const name = (Object.keys(STATES) as StateName[]).find((n) => same(STATES[n]));
  return `${name}${state.approved ? ', approved' : ''}`;
}

const describeMove = ({ by, type, before }: Move): string =>
  `${type} by the ${by} (${describeState(before.user)}; contact: ${describeState(before.contact)})`;

async function enter(person: Person, resource: string): Promise<Side> {
  const device = await person.device(resource, { available: false });
  await device.iq('get', '', ROSTER);
  await device.sends`<presence/>`;
  await device.receives`<presence from='${device.jid}'/>`;
  return { person, device };
}

/** Waits for all that one side has to see of a step, and checks its order. */
async function seeStep(step: Step, own: Side, other: Person, type: string, id: string): Promise<void> {
  const { device } = own;
  const come: number[] = [];
  if (step.deliver !== undefined) {
    const what = step.deliver === 'reply' ? "type='subscribed'" : `type='${type}' id='${id}'`;
    const stanza = await device.receive(`<presence ${what} from='${other.jid}' to='${own.person.jid}'/>`);
    come.push(device.history.indexOf(stanza));
  }
  if (!step.push) return;
  const push = await device.receive(
    `<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${other.jid}'/></query></iq>`,
  );
  const item = childOf(childOf(push, 'query'), 'item');
  const shown = itemIn(item?.attrs ?? {});
  if (shown !== shownAs(step.state)) throw new Error(`pushed '${shown}', not '${shownAs(step.state)}'`);
  come.push(device.history.indexOf(push));
  if (come.some((at, i) => at < (come[i - 1] ?? 0))) throw new Error('the push came before the stanza');
}

/** §3.1.5, §3.2.2, §3.3.3: who sees the other now gets his presence, who does not any more sees him go. */
async function seePresence(move: Move, side: 'user' | 'contact', own: Side, other: Side): Promise<void> {
  const saw = seesContact(move.before[side].subscription);
  const sees = seesContact(move.behind[side].subscription);
  if (saw === sees) return;
  const { device } = own;
  const isGone = (e: { attrs: Readonly<Record<string, string>> }) => e.attrs.type === 'unavailable';
  const from = other.device.jid;
  const presence = await device.receive(
    sees ? `<presence from='${from}'/>` : `<presence type='unavailable' from='${from}'/>`,
  );
  if (sees === isGone(presence)) throw new Error('the presence of before');
  const word = sees ? 'subscribed' : 'unsubscribed';
  const told = device.history.findLastIndex((e) => e.attrs.type === word && e.attrs.from === other.person.jid);
  const at = device.history.indexOf(presence);
  // §3.2.2: while he is still subscribed. Who unsubscribes himself is told nothing.
  if (!sees && move.by !== side && told < at) throw new Error('unavailable came behind unsubscribed');
  if (sees && told > at) throw new Error('presence came before subscribed');
}

function nothingElse(...sides: readonly Side[]): void {
  for (const { device } of sides) {
    const [more] = device.unread;
    if (more !== undefined) throw new Error(`${device.jid} received ${JSON.stringify(more)} besides`);
  }
}

scenario('RFC 6121 Appendix A, both online', { edges: [1, 3], timeoutMs: TIMEOUT_MS }, async ({ romeo, juliet }) => {
  const sides = { user: await enter(romeo, 'orchard'), contact: await enter(juliet, 'balcony') };
  for (const [index, move] of walk(() => true).entries()) {
    try {
      const { by, type, before } = move;
      const [actor, other] = by === 'user' ? [sides.user, sides.contact] : [sides.contact, sides.user];
      const id = `${type}-${index}`;
      await actor.device.sends`<presence type='${type}' to='${other.person.jid}' id='${id}'/>`;
      const own = before[by];
      const others = before[by === 'user' ? 'contact' : 'user'];
      for (const step of exchange(own, others, type)) {
        if (step.side === 'user') await seeStep(step, actor, other.person, type, id);
        else await seeStep(step, other, actor.person, type, id);
      }
      await seePresence(move, 'user', sides.user, sides.contact);
      await seePresence(move, 'contact', sides.contact, sides.user);
      await actor.device.ping();
      nothingElse(sides.user, sides.contact);
    } catch (error) {
      throw new Error(`${index}: ${describeMove(move)}`, { cause: error });
    }
  }
  await romeo.receivesNothing();
  await juliet.receivesNothing();
  nothingElse(sides.user, sides.contact);
});

/** What the contact's client finds at a login: the item, and the request if one waits. */
async function seeLogin(contact: Person, user: Person, state: SubscriptionState, resource: string): Promise<Side> {
  const device = await contact.device(resource, { available: false });
  const roster = await device.iq('get', '', ROSTER);
  const items = childOf(roster, 'query')?.children ?? [];
  const item = items.find((i) => typeof i !== 'string' && i.attrs.jid === user.jid);
  const shown = typeof item === 'object' ? itemIn(item.attrs) : 'none';
  if (shown !== shownAs(state)) throw new Error(`the roster has '${shown}', not '${shownAs(state)}'`);
  await device.sends`<presence/>`;
  await device.receives`<presence from='${device.jid}'/>`;
  if (state.requested) await device.receives`<presence type='subscribe' from='${user.jid}'/>`;
  return { person: contact, device };
}

scenario(
  'RFC 6121 Appendix A, the contact is offline when he is meant',
  { edges: [1, 3], timeoutMs: TIMEOUT_MS },
  async ({ romeo, juliet }) => {
    await juliet.register();
    const user = await enter(romeo, 'orchard');
    let contact: Side | undefined;
    // Pre-approvals of the user himself change nothing at his contact; those of the contact do.
    const moves = walk(({ before, behind }) => !before.user.approved && before.contact !== behind.contact);
    for (const [index, move] of moves.entries()) {
      const { by, type, behind } = move;
      try {
        const id = `${type}-${index}`;
        if (by === 'user') {
          await contact?.device.close();
          contact = undefined;
          await user.device.sends`<presence type='${type}' to='${juliet.jid}' id='${id}'/>`;
          await user.device.ping();
        } else {
          contact ??= await seeLogin(juliet, romeo, move.before.contact, `before-${index}`);
          await contact.device.sends`<presence type='${type}' to='${romeo.jid}' id='${id}'/>`;
          await contact.device.ping();
          continue;
        }
        contact = await seeLogin(juliet, romeo, behind.contact, `behind-${index}`);
        const requests = contact.device.history.filter((e) => e.attrs.type === 'subscribe');
        if (requests.length !== Number(behind.contact.requested)) throw new Error(`${requests.length} requests`);
      } catch (error) {
        throw new Error(`${index}: ${describeMove(move)}`, { cause: error });
      }
    }
  },
);
