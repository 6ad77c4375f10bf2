// npm run bench:csi: what an idle phone is sent within an hour, with and without XEP-0352, on ejabberd, on Prosody and on ours.
import { parseArgs } from 'node:util';
import { currentCommit, keepFile } from './bench/results.ts';
import { type HourOptions, hourOf } from './csi/plan.ts';
import { type PhoneHour, playHour } from './csi/play.ts';
import { Findings } from './peers/findings.ts';
import { targetOf, withServer } from './peers/measure-work.ts';
import { type ServerName, TITLES } from './peers/server.ts';
import { APART } from './peers/works.ts';
import { seeded } from './random.ts';
import { UsageError } from './usage-error.ts';

const SERVERS = ['ejabberd', 'prosody', 'starling'] as const satisfies readonly ServerName[];

interface Row extends PhoneHour {
  readonly server: ServerName;
  readonly isInactive: boolean;
}

/** Resolves with the exit code: 1 when a server or a connection failed, or a message did not come. @throws UsageError */
export async function benchCsi(args: readonly string[]): Promise<number> {
  const { hour, seconds, seed, isKept } = optionsOf(args);
  const found = new Findings(new AbortController().signal);
  const rows: Row[] = [];
  for (const server of SERVERS)
    for (const isInactive of [false, true])
      await found.from(server, isInactive ? 'inactive' : 'active', async () => {
        const needs = { accounts: hour.contacts + 1, contacts: hour.contacts, archives: false, ...APART };
        const { contacts } = hour;
        const deeds = hourOf(seeded(seed), hour);
        const played = await withServer(server, needs, found, (started) =>
          playHour(targetOf(started, 'tcp'), deeds, { contacts, seconds, isInactive }),
        );
        if (played.messages !== hour.messages) throw new Error(`${played.messages} of ${hour.messages} messages came`);
        rows.push({ server, isInactive, ...played });
        console.log(JSON.stringify(rows.at(-1)));
      });
  const report = reportOf(rows, found, hour, seconds);
  console.log(report);
  const day = new Date().toISOString().slice(0, 10);
  if (isKept) console.log(`kept in ${keepFile(`${day}-${currentCommit()}-csi.md`, report)}`);
  return found.failures.length === 0 ? 0 : 1;
}

function reportOf(rows: readonly Row[], { versions, missing }: Findings, hour: HourOptions, seconds: number): string {
  const { contacts, presences, chatStates, messages } = hour;
  const lines = rows.map(({ server, isInactive, bytes, wakeUps, bytesAfterwards }) =>
    [
      `${TITLES[server]} ${versions.get(server)}`,
      isInactive ? 'inactive' : 'active',
      bytes,
      wakeUps,
      bytesAfterwards,
    ].join(' | '),
  );
  return [
    `# An idle phone for an hour: ${currentCommit()}`,
    '',
    `${contacts} contacts, each of whom changes his presence ${presences} times; ${chatStates} chat states and ${messages} messages for the phone. The hour is played in ${seconds} s, the same for all; the radio stays awake for 6 s of the hour behind what it has heard. TCP without TLS and compression; bytes of XML.`,
    '',
    '| server | the client says that it is | bytes within the hour | wake-ups | bytes when it is active again |',
    '| --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
    '',
    ...missing,
  ].join('\n');
}

function optionsOf(args: readonly string[]): { hour: HourOptions; seconds: number; seed: number; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      contacts: { type: 'string', default: '50' },
      presences: { type: 'string', default: '12' },
      'chat-states': { type: 'string', default: '60' },
      messages: { type: 'string', default: '6' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const hour = {
    contacts: Number(values.contacts),
    presences: Number(values.presences),
    chatStates: Number(values['chat-states']),
    messages: Number(values.messages),
  };
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  for (const [name, value] of Object.entries({ ...hour, seconds, seed }))
    if (!(value > 0)) throw new UsageError(`${name}: a number above 0`);
  return { hour, seconds, seed, isKept: !values['no-keep'] };
}
