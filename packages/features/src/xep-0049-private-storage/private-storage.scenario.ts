import { scenario } from '@starling/testkit';

const PREFS = `<exodus xmlns='exodus:prefs'/>`;

scenario('XEP-0049 §3 what one device stores, another one reads', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  await home.sends`<iq type='set' id='s1'><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'><defaultnick>罗密欧</defaultnick></exodus></query></iq>`;
  await home.receives`<iq type='result' id='s1'/>`;
  await phone.sends`<iq type='get' id='g1'><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'/></query></iq>`;
  await phone.receives`<iq type='result' id='g1'><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'><defaultnick>罗密欧</defaultnick></exodus></query></iq>`;
  const [balcony] = await juliet.devices('balcony');
  for (const type of ['get', 'set'] as const) {
    const answer = await balcony.iq(type, romeo.jid, `<query xmlns='jabber:iq:private'>${PREFS}</query>`);
    if (!JSON.stringify(answer).includes('"forbidden"')) throw new Error(`${type} of somebody else’s`);
  }
  await balcony.sends`<iq type='get' id='g2'><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'/></query></iq>`;
  const own =
    await balcony.receives`<iq type='result' id='g2'><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'/></query></iq>`;
  if (JSON.stringify(own).includes('罗密欧')) throw new Error('she reads what is his');
});
