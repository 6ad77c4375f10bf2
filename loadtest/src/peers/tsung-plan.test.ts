import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultIn } from './tsung.ts';
import { tsungXml } from './tsung-plan.ts';

const plan = {
  port: 5_222,
  domain: 'd',
  users: 400,
  messages: 60,
  isTalking: true,
  thinkSeconds: 0.2,
  bodyBytes: 3,
} as const;

test('who talks, and who is silent for as long', () => {
  const talking = tsungXml(plan);
  assert.match(talking, /<for from="1" to="60" var="i">/);
  assert.match(
    talking,
    /data="&lt;message type='chat' to='t%%_peer%%@d'&gt;&lt;body&gt;xxx&lt;\/body&gt;&lt;no-store /,
  );
  const silent = tsungXml({ ...plan, isTalking: false });
  assert.doesNotMatch(silent, /<for/);
  assert.match(silent, /<thinktime value="12" random="false"\/>/);
});

test('a run in which something failed is none', () => {
  const log = 'stats: logged_in 10 1 2 3 4 5 399\nstats: logged_in 1 1 2 3 4 5 400\nstats: request_noack 9 25600\n';
  assert.equal(faultIn(log, plan), undefined);
  assert.equal(faultIn(`${log}stats: error_connection_closed 3 3\n`, plan), 'stats: error_connection_closed 3 3');
  assert.equal(faultIn(log, { ...plan, users: 401 }), '400 of 401 logged in');
  assert.equal(faultIn(log.replace('25600', '23999'), plan), '23999 sent, 24000 of them messages');
  assert.equal(faultIn('', plan), '0 of 400 logged in');
});
