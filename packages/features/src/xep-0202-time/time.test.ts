import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '@starling/xml';
import { timeElement } from './time.ts';

test('XEP-0082 §3.2: UTC with a Z, and an offset of zero', () => {
  const xml = serialize(timeElement(new Date(Date.UTC(2026, 10, 20, 1, 2, 3, 4))));
  assert.match(xml, /<tzo>\+00:00<\/tzo><utc>2026-11-20T01:02:03\.004Z<\/utc>/);
});
