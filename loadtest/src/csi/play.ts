import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '../peers/generator/crowd.ts';
import type { Target } from '../peers/generator/orders.ts';
import { answerPings, type Session } from '../peers/generator/session.ts';
import type { Deed } from './plan.ts';
import { Radio } from './radio.ts';

const NS = { csi: 'urn:xmpp:csi:0', states: 'http://jabber.org/protocol/chatstates' } as const;
/** Until everybody knows of everybody. */
const SETTLE_MS = 5_000;
/** Until what was sent at last has come. */
const LATE_MS = 2_000;
/** A phone's radio stays awake so long behind what it has heard, in ms of the hour. */
const TAIL_MS = 6_000;
const HOUR_MS = 3_600_000;
const SHOWS = ['<show>away</show>', '', '<show>xa</show>', '<show>dnd</show>'] as const;

/** What came to the phone within the hour, and at once when somebody looked at it again. */
export interface PhoneHour {
  readonly bytes: number;
  readonly wakeUps: number;
  readonly bytesAfterwards: number;
  /** Messages with a body that it has got within the hour: all of them, whether somebody looks at it or not. */
  readonly messages: number;
}

/** Plays an hour within `seconds`; the phone is the first account, its contacts are the others. @throws Error when a connection is lost */
export async function playHour(
  target: Target,
  deeds: readonly Deed[],
  {
    contacts,
    seconds,
    isInactive,
  }: { readonly contacts: number; readonly seconds: number; readonly isInactive: boolean },
): Promise<PhoneHour> {
  const crowd = new Crowd(target);
  const factor = (seconds * 1_000) / HOUR_MS;
  const radio = new Radio(TAIL_MS * factor);
  await crowd.grow(contacts + 1);
  const [phone, ...others] = crowd.sessions;
  if (phone === undefined) throw new Error('no phone');
  let bodies = 0;
  await sleep(SETTLE_MS);
  crowd.listen(phone, (text) => {
    radio.hear(text);
    bodies += text.split('</body>').length - 1;
    answerPings(phone, text);
  });
  if (isInactive) phone.connection.write(`<inactive xmlns='${NS.csi}'/>`);
  await sleep(LATE_MS);
  radio.reset();
  const startedMs = performance.now();
  for (const [n, deed] of deeds.entries()) {
    await sleep(Math.max(0, startedMs + deed.atMs * factor - performance.now()));
    const contact = others[deed.contact];
    if (contact !== undefined) carryOut(deed, n, contact, phone);
  }
  await sleep(LATE_MS);
  const { bytes, wakeUps } = radio;
  const messages = bodies;
  radio.reset();
  if (isInactive) phone.connection.write(`<active xmlns='${NS.csi}'/>`);
  await sleep(LATE_MS);
  const bytesAfterwards = radio.bytes;
  await crowd.close();
  return { bytes, wakeUps, bytesAfterwards, messages };
}

function carryOut({ kind }: Deed, n: number, { connection }: Session, phone: Session): void {
  const ns = connection.stanzaNamespace;
  if (kind === 'presence') connection.write(`<presence${ns}>${SHOWS[n % SHOWS.length]}</presence>`);
  else if (kind === 'message')
    connection.write(
      `<message${ns} to='${phone.jid}' type='chat' id='m${n}'><body>Are you there? ${n}</body></message>`,
    );
  else
    connection.write(
      `<message${ns} to='${phone.jid}' type='chat'><${n % 2 === 0 ? 'composing' : 'paused'} xmlns='${NS.states}'/></message>`,
    );
}
