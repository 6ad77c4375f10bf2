import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadScript, SCENARIOS } from './scripts.ts';

interface Ledger {
  arrived(sender: string, number: number): string;
  readonly gaps: number;
}

test('a ledger tells what is next, late, here already, and missing', async () => {
  const { Ledger: LedgerClass } = (await loadScript('lib/ledger.ts')) as { Ledger: new () => Ledger };
  const ledger = new LedgerClass();
  const said = [1, 2, 5, 3, 3, 6].map((number) => ledger.arrived('a', number));
  assert.deepEqual(said, ['next', 'next', 'next', 'late', 'again', 'next']);
  assert.equal(ledger.arrived('b', 1), 'next');
  assert.equal(ledger.gaps, 1);
});

test('frames are read as far as the scripts need it', async () => {
  const { readFrame, attributeOf, textIn, ownText } = (await loadScript('lib/frame.ts')) as {
    readFrame(text: string): { readonly name: string };
    attributeOf(frame: object, name: string): string;
    textIn(frame: object, name: string): string;
    ownText(frame: object): string;
  };
  const message = readFrame(
    "<message xmlns='jabber:client' from=\"a@x/r\" type='chat'><body>hi there</body></message>",
  );
  assert.deepEqual(
    [message.name, attributeOf(message, 'from'), attributeOf(message, 'type'), attributeOf(message, 'id')],
    ['message', 'a@x/r', 'chat', ''],
  );
  assert.equal(textIn(message, 'body'), 'hi there');
  assert.equal(textIn(message, 'status'), '');
  assert.equal(ownText(readFrame("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>dj0=</success>")), 'dj0=');
  assert.equal(readFrame('<stream:features xmlns:stream="x"/>').name, 'features');
});

test('neighbours know one another, and virtual users share all users', async () => {
  const { neighboursOf, usersOf, vusOf } = (await loadScript('lib/people.ts')) as {
    neighboursOf(index: number, settings: object): readonly number[];
    usersOf(vu: number, settings: object): readonly number[];
    vusOf(settings: object): number;
  };
  for (const users of [2, 5, 11, 40]) {
    const settings = { users, usersPerVu: 3 };
    const shared = Array.from({ length: vusOf(settings) }, (_, i) => usersOf(i + 1, settings)).flat();
    assert.deepEqual(shared, [...Array(users).keys()]);
    for (const user of shared) {
      const neighbours = neighboursOf(user, settings);
      assert.equal(neighbours.length, Math.min(10, users - 1));
      for (const other of neighbours) assert.ok(neighboursOf(other, settings).includes(user));
    }
  }
});

test('every scenario has thresholds and is played by virtual users', async () => {
  Object.assign(globalThis, { __ENV: { USERS: '25' } });
  for (const scenario of SCENARIOS) {
    const { options } = (await loadScript(`${scenario}.ts`)) as {
      options: { scenarios: { play: { vus: number } }; thresholds: Record<string, readonly string[]> };
    };
    assert.equal(options.scenarios.play.vus, 3, scenario);
    assert.deepEqual(options.thresholds.login_failures, ['count==0'], scenario);
  }
});
