// Everybody logs in within the ramp, stays for a while, and goes.
import exec from 'k6/execution';
import { enter, leaveAll, timesOf } from './lib/cast.ts';
import { optionsFor } from './lib/options.ts';
import { readSettings } from './lib/settings.ts';
import { type SummaryData, summarize } from './lib/summary.ts';
import { pause } from './lib/xmpp.ts';

const settings = readSettings({ SECONDS: '10', ...__ENV });

export const options = optionsFor(settings, {
  login_failures: ['count==0'],
  sessions_lost: ['count==0'],
  login_time: ['p(95)<2000', 'p(99)<5000'],
});

export default async function login(): Promise<void> {
  const { startTime } = exec.scenario;
  const listeners = () => ({ onMessage: () => undefined, onPresence: () => undefined });
  const users = await enter(exec.vu.idInTest, settings, startTime, listeners);
  await pause(Math.max(0, timesOf(startTime, settings).endMs - Date.now()));
  await leaveAll(users.values(), settings);
}

export const handleSummary = (data: SummaryData) => summarize(data, settings);
