import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from './status-of.ts';

const statusIn = (behindHead: string) => statusOf(Buffer.from(behindHead));

test('the first status, as text', () => {
  const two = `<status>Heading Home &amp; 睡觉</status><status xml:lang="it">a casa</status>`;
  assert.equal(
    statusIn(` from="a@b/c" type="unavailable"><x xmlns="urn:x"><status>no</status></x>${two}</presence>`),
    'Heading Home & 睡觉',
  );
});

test('none', () => {
  for (const presence of [
    '',
    ' from="a@b/c" type="unavailable"/>',
    ' type="unavailable"><status/></presence>',
    ' <broken',
  ])
    assert.equal(statusIn(presence), '');
});

test('what is too long is cut between characters', () => {
  const status = statusIn(`><status>${'😀'.repeat(2_000)}</status></presence>`);
  assert.equal(status, '😀'.repeat(1_024));
});
