import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, describeProfile, selfTimes } from './profile-report.ts';

const frame = (id: number, functionName: string, url = '') => ({
  id,
  callFrame: { functionName, url, lineNumber: 4 },
});
const module = new URL('./load.js', import.meta.url).href;
const profile: CpuProfile = {
  nodes: [frame(1, '(idle)'), frame(2, 'parse', module), frame(3, 'parse', module), frame(4, '', module)],
  samples: [1, 2, 3, 4, 2],
  timeDeltas: [7, 1_000, 100, 200, 100],
};

test('self times add up by function, without the idle time', () => {
  const costs = selfTimes(profile);
  const [path = ''] = /loadtest.*/.exec(module) ?? [];
  assert.deepEqual(costs, [
    { where: `parse ${path}:5`, selfUs: 300, share: 0.75 },
    { where: `(anonymous) ${path}:5`, selfUs: 100, share: 0.25 },
  ]);
  assert.match(describeProfile('edge', profile, 10, 1), /75\.0 % \| 7\.50 \| `parse/);
});
