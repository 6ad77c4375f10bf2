import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARCHIVE_DEFAULT, type ArchivePreferences } from '@starling/contracts';
import { parseJid } from '@starling/jid';
import { keepingOf, keepsArchived } from './keeps-archived.ts';

type Row = readonly [string, Partial<ArchivePreferences>, string, boolean];

const ROWS: readonly Row[] = [
  ['default', {}, 'a@x/1', true],
  ['default never', { fallback: ARCHIVE_DEFAULT.never }, 'a@x/1', false],
  ['default roster: by the bare JID', { fallback: ARCHIVE_DEFAULT.roster, roster: ['a@x'] }, 'a@x/1', true],
  ['… not in it', { fallback: ARCHIVE_DEFAULT.roster, roster: ['a@x'] }, 'b@x/1', false],
  ['… which says nothing with another default', { fallback: ARCHIVE_DEFAULT.never, roster: ['a@x'] }, 'a@x/1', false],
  ['always: bare, any resource', { fallback: ARCHIVE_DEFAULT.never, always: ['a@x'] }, 'a@x/1', true],
  ['always: bare, none', { fallback: ARCHIVE_DEFAULT.never, always: ['a@x'] }, 'a@x', true],
  ['always: full, that resource', { fallback: ARCHIVE_DEFAULT.never, always: ['a@x/1'] }, 'a@x/1', true],
  ['always: full, another', { fallback: ARCHIVE_DEFAULT.never, always: ['a@x/1'] }, 'a@x/2', false],
  ['always: full, none', { fallback: ARCHIVE_DEFAULT.never, always: ['a@x/1'] }, 'a@x', false],
  ['never: bare', { never: ['a@x'] }, 'a@x/1', false],
  ['never: full, another', { never: ['a@x/1'] }, 'a@x/2', true],
  ['never: a domain is a JID of its own', { never: ['x'] }, 'a@x/1', true],
  ['both: never', { always: ['a@x'], never: ['a@x'] }, 'a@x/1', false],
  ['both: the more exact', { always: ['a@x/1'], never: ['a@x'] }, 'a@x/1', true],
  ['both: the more exact', { always: ['a@x'], never: ['a@x/1'] }, 'a@x/1', false],
];

for (const [what, preferences, peer, kept] of ROWS) {
  test(`XEP-0441 ${what} ${JSON.stringify(preferences)} ${peer}`, () => {
    const whole = { version: 1, fallback: ARCHIVE_DEFAULT.always, always: [], never: [], roster: [], ...preferences };
    assert.equal(keepsArchived(keepingOf(whole), parseJid(peer)), kept);
  });
}

test('without preferences all is kept', () => assert.equal(keepsArchived(undefined, parseJid('a@x')), true));
