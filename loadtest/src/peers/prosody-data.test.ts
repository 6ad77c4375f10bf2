import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedKeys } from '../presence/scram.ts';
import { hashedAccount, rosterOf } from './prosody-data.ts';

test('everybody of a group has everybody else', () => {
  const item = (user: number) => `\t["u${user}@scram.local"] = { ["subscription"] = "both"; ["groups"] = {}; };\n`;
  assert.equal(
    rosterOf(4, 'scram.local', 6, 2),
    `return {\n\t[false] = { ["version"] = 2; };\n${item(3)}${item(5)}};\n`,
  );
});

test('an account has its keys, and no password', () => {
  const account = hashedAccount(sharedKeys('pw', Buffer.from('salt-as-text')));
  assert.match(account, /^return \{\n\t\["iteration_count"\] = 4096;\n\t\["salt"\] = "salt-as-text";\n/);
  assert.match(account, /\["stored_key"\] = "[0-9a-f]{40}";\n\t\["server_key"\] = "[0-9a-f]{40}";\n\};\n$/);
});
