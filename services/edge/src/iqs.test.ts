import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IqTable } from '@starling/feature-api';
import { parseJid } from '@starling/jid';
import { el, Stanza, StanzaError } from '@starling/stanza';
import { answerIq } from './iqs.ts';
import { makeSession } from './testing/session.ts';

const QUERY = el('query', 'urn:x');
const iq = (type: string, to = '') =>
  Stanza.build(
    'iq',
    { type, id: 'i1', from: parseJid('romeo@localhost/orchard'), ...(to && { to: parseJid(to) }) },
    QUERY,
  );

function tableWith(handler: Parameters<IqTable['add']>[4], type: 'get' | 'set' = 'get'): IqTable {
  const table = new IqTable();
  table.add(type, 'urn:x', 'query', ['server', 'account'], handler);
  return table;
}

describe('answerIq', () => {
  it('writes the result of a handler, once, from whom it was sent to', () => {
    const { session, sent } = makeSession();
    const pending = answerIq(
      tableWith(() => el('answer', 'urn:x')),
      session,
      iq('get', 'localhost'),
      'server',
    );
    assert.equal(pending, undefined);
    assert.deepEqual(sent, [
      '<iq to="romeo@localhost/orchard" from="localhost" id="i1" type="result"><answer xmlns=\'urn:x\'/></iq>',
    ]);
  });

  it('an answer of nothing is an empty result', () => {
    const { session, sent } = makeSession();
    void answerIq(
      tableWith(() => undefined),
      session,
      iq('get'),
      undefined,
    );
    assert.deepEqual(sent, ['<iq to="romeo@localhost/orchard" id="i1" type="result"/>']);
  });

  it('waits for a handler that takes time', async () => {
    const { session, sent } = makeSession();
    const pending = answerIq(
      tableWith(async () => undefined),
      session,
      iq('get'),
      undefined,
    );
    assert.ok(pending instanceof Promise);
    assert.deepEqual(sent, []);
    await pending;
    assert.equal(sent.length, 1);
  });

  it('RFC 6120 §10.3.3 without a `to` it is for the account', () => {
    const { session } = makeSession();
    const targets: string[] = [];
    const table = tableWith(({ target }) => void targets.push(target) as undefined);
    void answerIq(table, session, iq('get'), undefined);
    void answerIq(table, session, iq('get', 'localhost'), 'server');
    assert.deepEqual(targets, ['account', 'server']);
  });

  it('RFC 6121 §8.5.2.1.3 says whose account is asked', () => {
    const { session } = makeSession();
    const accounts: string[] = [];
    const table = new IqTable();
    table.add('get', 'urn:x', 'query', ['server', 'account', 'another-account'], ({ account }) => {
      accounts.push(account);
      return undefined;
    });
    void answerIq(table, session, iq('get'), undefined);
    void answerIq(table, session, iq('get', 'localhost'), 'server');
    void answerIq(table, session, iq('get', 'juliet@localhost'), 'another-account');
    assert.deepEqual(accounts, ['romeo@localhost', 'romeo@localhost', 'juliet@localhost']);
  });

  it('nobody for it, or not for that type: service-unavailable', () => {
    const { session, sent } = makeSession();
    const refused = { name: 'StanzaError', condition: 'service-unavailable' };
    assert.throws(() => answerIq(new IqTable(), session, iq('get'), undefined), refused);
    assert.throws(
      () =>
        answerIq(
          tableWith(() => undefined, 'set'),
          session,
          iq('get'),
          undefined,
        ),
      refused,
    );
    assert.deepEqual(sent, []);
  });

  it('what a handler throws or rejects with goes to the caller, and nothing is written', async () => {
    const { session, sent } = makeSession();
    const throws = tableWith(() => {
      throw new StanzaError('not-allowed');
    });
    assert.throws(() => answerIq(throws, session, iq('get'), undefined), StanzaError);
    const rejects = tableWith(async () => {
      throw new StanzaError('not-allowed');
    });
    await assert.rejects(async () => answerIq(rejects, session, iq('get'), undefined), StanzaError);
    assert.deepEqual(sent, []);
  });

  it('a session that ended meanwhile gets nothing', async () => {
    const { session, sent } = makeSession();
    const pending = answerIq(
      tableWith(async () => undefined),
      session,
      iq('get'),
      undefined,
    );
    session.end();
    await pending;
    assert.deepEqual(sent, []);
  });
});
