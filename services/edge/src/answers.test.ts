import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FullJid, parseJid } from '@starling/jid';
import { Stanza, StanzaError } from '@starling/stanza';
import { Answers } from './answers.ts';
import { makeSession } from './testing/session.ts';

const to = parseJid('juliet@localhost/balcony') as FullJid;

/** `outcomes`: what becomes of each attempt; the last one stays. */
function world(outcomes: readonly (Error | undefined)[], retryMs = 25_000) {
  let attempts = 0;
  const { session } = makeSession();
  const answers = new Answers({
    road: {
      request: async () => {
        const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)];
        if (outcome !== undefined) throw outcome;
      },
    },
    config: { answerRetryMs: retryMs, answersWaitingMax: 2 },
  });
  const answer = Stanza.build('iq', { type: 'result', id: 'q1', to, from: session.jid });
  return { send: () => answers.send(session, answer, to), attempts: () => attempts };
}

const nobody = new StanzaError('service-unavailable');

describe('answers to requests of others', () => {
  it('are sent again until somebody says that he has them, with pauses that grow', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { send, attempts } = world([nobody, nobody, undefined]);
    const sent = send();
    await settled();
    assert.equal(attempts(), 1);
    mock.timers.tick(1_000);
    await settled();
    assert.equal(attempts(), 2);
    mock.timers.tick(1_000);
    await settled();
    assert.equal(attempts(), 2);
    mock.timers.tick(1_000);
    await sent;
    assert.equal(attempts(), 3);
  });

  it('are given up in the end, and never answered', async () => {
    const { send, attempts } = world([nobody], 0);
    await send();
    assert.equal(attempts(), 1);
  });

  it('of one session wait up to a bound; one more is sent once', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { send, attempts } = world([nobody, nobody, nobody, undefined]);
    const first = [send(), send()];
    await settled();
    await send();
    assert.equal(attempts(), 3);
    mock.timers.tick(1_000);
    await Promise.all(first);
    assert.equal(attempts(), 5);
  });

  it('what is no word of the bus is a bug, and goes on', async () => {
    await assert.rejects(world([new TypeError('a bug')]).send(), TypeError);
  });
});

/** What waits for nothing but promises is done. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
