import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SilenceWatch } from './silence-watch.ts';

interface Client {
  name: string;
  heardAt: number;
}

describe('silence', () => {
  let said: string[];
  let watch: SilenceWatch<Client>;
  let start: number;
  let now: number;
  const clients: Client[] = [];

  beforeEach(() => {
    said = [];
    watch = new SilenceWatch<Client>({
      intervalMs: 10_000,
      timeoutMs: 4_000,
      ping: ({ name }) => void said.push(`${seconds()} ping ${name}`),
      giveUp: (client) => {
        said.push(`${seconds()} give up ${client.name}`);
        watch.remove(client);
      },
    });
    start = Math.floor(performance.now());
    now = start;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) watch.remove(client);
  });

  const seconds = () => Math.round((now - start) / 1_000);
  function client(name: string): Client {
    const made = { name, heardAt: now };
    clients.push(made);
    watch.add(made);
    return made;
  }
  /** Time goes by, tick by tick; `speaks` is called at each. */
  function pass(untilSecond: number, speaks: (second: number) => void = () => undefined): void {
    while (seconds() < untilSecond) {
      now += watch.tickMs;
      speaks(seconds());
      watch.tick(now);
    }
  }

  it('who is silent is asked, and given up when he stays silent', () => {
    client('romeo');
    pass(30);
    assert.deepEqual(said, ['10 ping romeo', '14 give up romeo']);
  });

  it('who speaks is not asked; who answers is asked again later', () => {
    const [talker, quiet] = [client('talker'), client('quiet')];
    pass(30, (second) => {
      talker.heardAt = now;
      if (second === 12 && quiet.heardAt === start) quiet.heardAt = now;
    });
    assert.deepEqual(said, ['10 ping quiet', '22 ping quiet', '26 give up quiet']);
  });

  it('who has gone is not asked any more', () => {
    const romeo = client('romeo');
    pass(11);
    watch.remove(romeo);
    pass(30);
    assert.deepEqual(said, ['10 ping romeo']);
  });

  it('after a sleep of this process nobody is given up before he could be heard', () => {
    const [alive] = [client('alive'), client('dead')];
    pass(11);
    now += 60_000;
    watch.tick(now);
    pass(73, () => {
      alive.heardAt = now;
    });
    assert.deepEqual(said, ['10 ping alive', '10 ping dead']);
    pass(76, () => {
      alive.heardAt = now;
    });
    assert.deepEqual(said.slice(2), ['75 give up dead']);
  });
});
