import { scenario } from '@starling/testkit';

scenario('RFC 6121 §4.2.2 initial presence comes to all own resources', { edges: [1, 3] }, async ({ romeo }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  await phone.sends`<presence><show>away</show></presence>`;
  for (const device of [home, phone])
    await device.receives`<presence from='${phone.jid}' to='${romeo.jid}'><show>away</show></presence>`;
});
