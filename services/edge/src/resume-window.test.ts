import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@starling/runtime';
import { checkResumeWindow } from './resume-window.ts';

test('the log knows what is sent again for 30 s longer than a client may be away', () => {
  checkResumeWindow(270_000, 300_000);
  checkResumeWindow(240_000, 300_000);
  assert.throws(() => checkResumeWindow(270_001, 300_000), ConfigError);
});
