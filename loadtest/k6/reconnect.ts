// The chat mix, and in its middle every connection is cut within two seconds: all sessions go on (XEP-0198), and nothing is lost.
import exec from 'k6/execution';
import { enter, leaveAll, timesOf } from './lib/cast.ts';
import { Conversation } from './lib/conversation.ts';
import { optionsFor, PROMISES } from './lib/options.ts';
import { readSettings } from './lib/settings.ts';
import { type SummaryData, summarize } from './lib/summary.ts';
import { pause } from './lib/xmpp.ts';

const STORM_MS = 2_000;

const settings = readSettings(__ENV);

export const options = optionsFor(settings, {
  ...PROMISES,
  resume_time: ['p(95)<3000'],
  sessions_resumed: [`count>=${settings.users}`],
  messages_delivered: ['count>0'],
});

export default async function reconnect(): Promise<void> {
  const { startTime } = exec.scenario;
  const times = timesOf(startTime, settings);
  const conversation = new Conversation(settings);
  const users = await enter(exec.vu.idInTest, settings, startTime, conversation.listeners);
  const stormMs = (times.playMs + times.endMs) / 2;
  await Promise.all(
    [...users].map(async ([index, user]) => {
      const writing = conversation.write(index, user, times);
      await pause(Math.max(0, stormMs + Math.random() * STORM_MS - Date.now()));
      user.cut();
      await writing;
    }),
  );
  await leaveAll(users.values(), settings);
  conversation.count();
}

export const handleSummary = (data: SummaryData) => summarize(data, settings);
