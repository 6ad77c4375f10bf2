import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DnsFacts, isLocal, judgeDns } from './dns.ts';

const target = (name: string, port: number, addresses = 1) => ({ name, port, addresses });
const facts = (more: Partial<DnsFacts> = {}): DnsFacts => ({
  ...{ srv: { starttls: [], tls: [] }, addresses: 0, unsure: [] },
  ...more,
});
const judge = (more: Partial<DnsFacts>) => judgeDns('example.org', facts(more));

test('both services with addresses are good', () => {
  const srv = { starttls: [target('x.example.org', 5222)], tls: [target('x.example.org', 5223)] };
  assert.deepEqual(judge({ srv }), {
    verdict: 'ok',
    text: '_xmpp-client._tcp → x.example.org:5222; _xmpps-client._tcp → x.example.org:5223',
  });
  assert.equal(judge({ srv: { ...srv, tls: [] } }).verdict, 'warning');
});

test('without records clients try the domain itself, if it has an address', () => {
  assert.equal(judge({ addresses: 2 }).verdict, 'warning');
  assert.equal(judge({ addresses: 0 }).verdict, 'failed');
});

test('records that lead nowhere, or say that there is nothing, are faults', () => {
  const lost = judge({ srv: { starttls: [target('gone.example.org', 5222, 0)], tls: [] } });
  assert.deepEqual([lost.verdict, /gone\.example\.org:5222/.test(lost.text)], ['failed', true]);
  assert.match(judge({ srv: { starttls: [target('.', 0, 0)], tls: [] }, addresses: 1 }).text, /no clients' service/);
});

test('when nobody could be asked, that is no verdict', () => {
  assert.equal(judge({ unsure: ['querySrv ETIMEOUT'] }).verdict, 'warning');
});

test('names that public DNS does not have are not looked up', () => {
  for (const name of ['localhost', 'chat', 'a.test', 'a.internal', '10.0.0.1', '::1']) assert.ok(isLocal(name), name);
  for (const name of ['example.org', 'localhost.example.org']) assert.ok(!isLocal(name), name);
});
