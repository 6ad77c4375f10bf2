// The chat mix for hours, while each minute one in a hundred loses his connection and comes back.
import exec from 'k6/execution';
import { enter, leaveAll, timesOf } from './lib/cast.ts';
import { Conversation } from './lib/conversation.ts';
import { optionsFor, PROMISES } from './lib/options.ts';
import { readSettings } from './lib/settings.ts';
import { type SummaryData, summarize } from './lib/summary.ts';
import { pause, type XmppUser } from './lib/xmpp.ts';

const MINUTE_MS = 60_000;
const CUT_SHARE = 0.01;

const settings = readSettings({ SECONDS: '3600', ...__ENV });

export const options = optionsFor(settings, {
  ...PROMISES,
  time_to_delivery: ['p(99)<1000'],
  messages_delivered: ['count>0'],
});

export default async function soak(): Promise<void> {
  const { startTime } = exec.scenario;
  const times = timesOf(startTime, settings);
  const conversation = new Conversation(settings);
  const users = await enter(exec.vu.idInTest, settings, startTime, conversation.listeners);
  await Promise.all(
    [...users].flatMap(([index, user]) => [conversation.write(index, user, times), cutNowAndThen(user, times.endMs)]),
  );
  await leaveAll(users.values(), settings);
  conversation.count();
}

async function cutNowAndThen(user: XmppUser, endMs: number): Promise<void> {
  for (;;) {
    const leftMs = endMs - Date.now();
    if (leftMs <= MINUTE_MS) return;
    await pause(Math.random() * MINUTE_MS * 2);
    if (Math.random() < CUT_SHARE && Date.now() < endMs) user.cut();
  }
}

export const handleSummary = (data: SummaryData) => summarize(data, settings);
