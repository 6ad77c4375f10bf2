import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rosterOf } from './prosody-rosters.ts';

test('everybody of a group has everybody else', () => {
  const item = (user: number) => `\t["u${user}@scram.local"] = { ["subscription"] = "both"; ["groups"] = {}; };\n`;
  assert.equal(
    rosterOf(4, 'scram.local', 6, 2),
    `return {\n\t[false] = { ["version"] = 2; };\n${item(3)}${item(5)}};\n`,
  );
});
