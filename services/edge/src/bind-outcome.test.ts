import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcError } from '@starling/bus';
import { StanzaError } from '@starling/stanza';
import { bindOutcomeOf } from './bind-outcome.ts';

test('what the owner refuses is no failure of ours; that he cannot be asked is one', () => {
  const owner = new RpcError('resource-constraint', 'too many sessions');
  assert.equal(bindOutcomeOf(new StanzaError('resource-constraint', '', { cause: owner })), 'refused');
  assert.equal(bindOutcomeOf(new StanzaError('item-not-found')), 'refused');
  assert.equal(bindOutcomeOf(new StanzaError('resource-constraint', 'presence is not there now')), 'failed');
  assert.equal(bindOutcomeOf(new StanzaError('internal-server-error')), 'failed');
  assert.equal(bindOutcomeOf(owner), 'failed');
});
