// A presence storm: everybody changes his presence every few seconds (MESSAGE_SECONDS), and all his contacts are to see it. Who has whom in
// his roster is the cluster's to know: `npm run loadtest:k6` makes rosters of ten neighbours, both ways.
import exec from 'k6/execution';
import { enter, leaveAll, type Times, timesOf } from './lib/cast.ts';
import { meters } from './lib/meters.ts';
import { optionsFor } from './lib/options.ts';
import { jidOf } from './lib/people.ts';
import { readSettings } from './lib/settings.ts';
import { readStamp, writeStamp } from './lib/stamp.ts';
import { type SummaryData, summarize } from './lib/summary.ts';
import { pause, type XmppUser } from './lib/xmpp.ts';

const SHOWS = ['away', 'chat', 'dnd', 'xa'] as const;

const settings = readSettings({ MESSAGE_SECONDS: '5', ...__ENV });

export const options = optionsFor(settings, {
  login_failures: ['count==0'],
  sessions_lost: ['count==0'],
  presence_time: ['p(95)<1000'],
  presence_delivered: ['count>0'],
});

export default async function presence(): Promise<void> {
  const { startTime } = exec.scenario;
  const times = timesOf(startTime, settings);
  const users = await enter(exec.vu.idInTest, settings, startTime, (index) => ({
    onMessage: () => undefined,
    onPresence: ({ from, status }) => {
      const stamp = readStamp(status, settings.run);
      // Whoever logs in is shown what others are already; an own change comes back as well.
      if (stamp === undefined || stamp.sentAtMs < times.playMs || from.startsWith(`${jidOf(index, settings)}/`)) return;
      meters.presenceDelivered.add(1);
      meters.presenceTime.add(Date.now() - stamp.sentAtMs);
    },
  }));
  await Promise.all([...users].map(([index, user]) => change(index, user, times)));
  await leaveAll(users.values(), settings);
}

async function change(index: number, user: XmppUser, { playMs, endMs }: Times): Promise<void> {
  const everyMs = settings.messageSeconds * 1_000;
  let nextMs = playMs + Math.random() * everyMs;
  for (let number = 1; nextMs < endMs; number++, nextMs += everyMs) {
    await pause(Math.max(0, nextMs - Date.now()));
    const status = writeStamp({ run: settings.run, sender: index, number, sentAtMs: Date.now() });
    const show = SHOWS[number % SHOWS.length];
    user.send(`<presence xmlns='jabber:client'><show>${show}</show><status>${status}</status></presence>`);
    meters.presenceSent.add(1);
  }
  await pause(Math.max(0, endMs - Date.now()));
}

export const handleSummary = (data: SummaryData) => summarize(data, settings);
