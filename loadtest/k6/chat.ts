// Everybody writes to ten neighbours in turn, a message every ten seconds: nothing may be lost, come twice or out of order.
import exec from 'k6/execution';
import { enter, leaveAll, timesOf } from './lib/cast.ts';
import { Conversation } from './lib/conversation.ts';
import { optionsFor, PROMISES } from './lib/options.ts';
import { readSettings } from './lib/settings.ts';
import { type SummaryData, summarize } from './lib/summary.ts';

const settings = readSettings(__ENV);

export const options = optionsFor(settings, {
  ...PROMISES,
  time_to_delivery: ['p(95)<500', `p(99)<${settings.deliveryMs}`],
  messages_delivered: ['count>0'],
});

export default async function chat(): Promise<void> {
  const { startTime } = exec.scenario;
  const times = timesOf(startTime, settings);
  const conversation = new Conversation(settings);
  const users = await enter(exec.vu.idInTest, settings, startTime, conversation.listeners);
  await Promise.all([...users].map(([index, user]) => conversation.write(index, user, times)));
  await leaveAll(users.values(), settings);
  conversation.count();
}

export const handleSummary = (data: SummaryData) => summarize(data, settings);
