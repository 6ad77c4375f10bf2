import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESSION_STATE } from '@starling/contracts';
import { parseJid } from '@starling/jid';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { OwnPresence } from './own-presence.ts';
import { makeSession } from './testing/session.ts';

const priority = (...children: readonly (Element | string)[]) => el('priority', NS.client, {}, ...children);
const presence = (...children: readonly Element[]) => Stanza.build('presence', {}, ...children);

describe('own presence', () => {
  function world() {
    const told: string[] = [];
    const changes: string[] = [];
    const { session } = makeSession();
    const own = new OwnPresence({
      road: { live: (_, stanza, to) => void told.push(`${stanza.type || 'available'} ${stanza.to} ${to}`) },
      onChange: ({ state, priority: p }) => void changes.push(`${state} ${p}`),
    });
    return { told, changes, session, own };
  }

  it('§4.2.2 is told to one’s own resources, and to other edges when it is news', () => {
    const { told, changes, session, own } = world();
    own.fromClient(session, presence(priority('5')));
    own.fromClient(session, presence(priority('5'), el('show', NS.client, {}, 'away')));
    own.fromClient(session, presence());
    assert.deepEqual(told, Array(3).fill('available romeo@localhost romeo@localhost'));
    assert.deepEqual(changes, [`${SESSION_STATE.available} 5`, `${SESSION_STATE.available} 0`]);
  });

  it('§4.5 unavailable: connected again, with no priority', () => {
    const { told, changes, session, own } = world();
    own.fromClient(session, presence(priority('5')));
    own.fromClient(session, Stanza.build('presence', { type: 'unavailable' }));
    assert.equal(told.at(-1), 'unavailable romeo@localhost romeo@localhost');
    assert.equal(changes.at(-1), `${SESSION_STATE.connected} 0`);
    assert.equal(changes.length, 2);
  });

  it('§4.5.1 the end of a session is told in its name, once, if it was available', () => {
    const { told, session, own } = world();
    const unavailable = Stanza.build('presence', { type: 'unavailable', from: session.jid });
    own.ended(session, unavailable);
    assert.deepEqual(told, []);
    own.fromClient(session, presence());
    own.ended(session, unavailable);
    own.ended(session, unavailable);
    assert.deepEqual(told.slice(1), ['unavailable romeo@localhost romeo@localhost']);
  });

  it('a priority that cannot be changes nothing', () => {
    const { told, changes, session, own } = world();
    assert.throws(() => own.fromClient(session, presence(priority('x'))), StanzaError);
    assert.deepEqual([told, changes, session.state], [[], [], SESSION_STATE.connected]);
  });

  it('what is for others is not here yet', () => {
    const { session, own } = world();
    const conditionOf = (stanza: Stanza) => {
      try {
        own.fromClient(session, stanza);
        return 'none';
      } catch (error) {
        return error instanceof StanzaError ? error.condition : String(error);
      }
    };
    const to = parseJid('juliet@localhost');
    assert.equal(conditionOf(Stanza.build('presence', { to })), 'feature-not-implemented');
    assert.equal(conditionOf(Stanza.build('presence', { to, type: 'subscribe' })), 'feature-not-implemented');
    assert.equal(conditionOf(Stanza.build('presence', { type: 'subscribe' })), 'bad-request');
    assert.equal(conditionOf(Stanza.build('presence', { type: 'probe' })), 'bad-request');
  });
});
