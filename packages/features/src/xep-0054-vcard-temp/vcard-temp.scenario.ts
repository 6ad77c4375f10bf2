import { createHash, randomBytes } from 'node:crypto';
import { scenario } from '@starling/testkit';

scenario('XEP-0054 §3 own vCard and those of others', { edges: [1, 3] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  await home.sends`<iq type='get' id='v1'><vCard xmlns='vcard-temp'/></iq>`;
  await home.receives`<iq type='error' id='v1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  // §3.3: no vCard and no account look alike.
  for (const to of [romeo.jid, `nobody-${romeo.username}@${world.domain}`]) {
    await balcony.sends`<iq type='get' id='v2' to='${to}'><vCard xmlns='vcard-temp'/></iq>`;
    await balcony.receives`<iq type='error' id='v2' from='${to}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  }
  await home.sends`<iq type='set' id='v3'><vCard xmlns='vcard-temp'><FN>罗密欧</FN><N><FAMILY>Montague</FAMILY></N></vCard></iq>`;
  await home.receives`<iq type='result' id='v3'/>`;
  await balcony.sends`<iq type='get' id='v4' to='${romeo.jid}'><vCard xmlns='vcard-temp'/></iq>`;
  await balcony.receives`<iq type='result' id='v4' from='${romeo.jid}'><vCard xmlns='vcard-temp'><FN>罗密欧</FN><N><FAMILY>Montague</FAMILY></N></vCard></iq>`;
  await balcony.sends`<iq type='set' id='v5' to='${romeo.jid}'><vCard xmlns='vcard-temp'><FN>Paris</FN></vCard></iq>`;
  await balcony.receives`<iq type='error' id='v5'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
});

scenario('XEP-0153 §3 an avatar in the vCard, its hash in presence', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  const [balcony] = await juliet.devices('balcony');
  const image = randomBytes(8_192);
  await home.sends`<iq type='set' id='v1'><vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>${image.toString('base64')}</BINVAL></PHOTO></vCard></iq>`;
  await home.receives`<iq type='result' id='v1'/>`;
  const hash = createHash('sha1').update(image).digest('hex');
  await home.sends`<presence><x xmlns='vcard-temp:x:update'><photo>${hash}</photo></x></presence>`;
  await phone.receives`<presence from='${home.jid}'><x xmlns='vcard-temp:x:update'><photo>${hash}</photo></x></presence>`;
  await balcony.sends`<iq type='get' id='v2' to='${romeo.jid}'><vCard xmlns='vcard-temp'/></iq>`;
  await balcony.receives`<iq type='result' id='v2'><vCard xmlns='vcard-temp'><PHOTO><BINVAL>${image.toString('base64')}</BINVAL></PHOTO></vCard></iq>`;
});
