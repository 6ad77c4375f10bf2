import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, describeProfile, selfTimes } from './profile-report.ts';

const frame = (id: number, functionName: string, url = '') => ({
  id,
  callFrame: { functionName, url, lineNumber: 4, columnNumber: 0 },
});
const profile: CpuProfile = {
  nodes: [frame(1, '(idle)'), frame(2, 'parse', 'a.js'), frame(3, 'parse', 'a.js'), frame(4, '', 'b.js')],
  samples: [1, 2, 3, 4, 2],
  timeDeltas: [7, 1_000, 100, 200, 100],
};

test('self times add up by function, without the idle time', () => {
  const costs = selfTimes(profile, ({ url, lineNumber }) => `${url}:${lineNumber + 1}`);
  assert.deepEqual(costs, [
    { where: 'parse a.js:5', selfUs: 300, share: 0.75 },
    { where: '(anonymous) b.js:5', selfUs: 100, share: 0.25 },
  ]);
  assert.match(describeProfile('edge', costs, 10, 1), /75\.0 % \| 7\.50 \| `parse a\.js:5`/);
});
