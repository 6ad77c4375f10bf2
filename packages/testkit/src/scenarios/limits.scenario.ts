import { type ScenarioOptions, scenario } from '../scenario.ts';

// Limits hold while reading, not after (RFC 6120 §13.12): what is too much ends the stream with policy-violation.

const ALL: ScenarioOptions = { edges: [1, 3], transports: ['tcp', 'ws'] };
const CONDITIONS = 'urn:ietf:params:xml:ns:xmpp-streams';
const STANZA_BYTES_MAX = 256 * 1024;

const TOO_MUCH: Readonly<Record<string, string>> = {
  'elements one in the other': `<message>${'<a>'.repeat(1_000)}${'</a>'.repeat(1_000)}</message>`,
  'attributes of one element': `<message ${Array.from({ length: 1_000 }, (_, i) => `a${i}=''`).join(' ')}/>`,
  'bytes in one attribute': `<message a='${'x'.repeat(STANZA_BYTES_MAX)}'/>`,
  'bytes in one name': `<message><${'x'.repeat(STANZA_BYTES_MAX)}/></message>`,
  'small children': `<message>${'<a/>'.repeat(STANZA_BYTES_MAX / 4)}</message>`,
};

for (const [what, text] of Object.entries(TOO_MUCH)) {
  scenario(`too many ${what}`, ALL, async ({ romeo }) => {
    const client = await romeo.online();
    client.sendXml(text);
    await client.receive(`<stream:error><policy-violation xmlns='${CONDITIONS}'/></stream:error>`);
    await client.ended();
  });
}

scenario('a message just below the limit arrives', ALL, async ({ romeo, juliet }) => {
  const [home, balcony] = [await romeo.online(), await juliet.online()];
  const body = 'y'.repeat(STANZA_BYTES_MAX - 1_000);
  await home.sends`<message to='${juliet.jid}' type='chat'><body>${body}</body></message>`;
  await balcony.receives`<message><body>${body}</body></message>`;
});

scenario(
  'RFC 6120 §7.6.2.1 a resource more than allowed is resource-constraint',
  { edges: [1], transports: ['ws'], modes: ['embedded'] },
  async ({ romeo }) => {
    const allowed = 32;
    for (let i = 0; i < allowed; i++) await romeo.device(`r${i}`, { available: false });
    const refused = await romeo.device('one-too-many', { available: false }).then(
      () => '',
      (error: Error) => error.message,
    );
    if (!refused.includes('resource-constraint')) throw new Error(`not refused: ${refused}`);
  },
);
