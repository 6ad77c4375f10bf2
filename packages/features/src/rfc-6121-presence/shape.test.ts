import assert from 'node:assert/strict';
import { test } from 'node:test';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { validateShape } from './shape.ts';

const show = (...text: readonly (string | Element)[]) => el('show', NS.client, {}, ...text);
const status = (lang?: string) =>
  el('status', NS.client, lang === undefined ? {} : { 'xml:lang': lang }, 'Wooing Juliet');

const TABLE: readonly (readonly [string, readonly Element[], 'good' | 'bad-request'])[] = [
  ['§4.7.2 nothing', [], 'good'],
  ['§4.7.2.1 away', [show('away')], 'good'],
  ['§4.7.2.1 chat', [show('chat')], 'good'],
  ['§4.7.2.1 dnd', [show('dnd')], 'good'],
  ['§4.7.2.1 xa', [show('xa')], 'good'],
  ['§4.7.2.1 another word', [show('online')], 'bad-request'],
  ['§4.7.2.1 an empty one', [show()], 'bad-request'],
  ['§4.7.2.1 two of them', [show('away'), show('away')], 'bad-request'],
  ['§4.7.2.1 mixed content', [show('away', el('x', NS.client))], 'bad-request'],
  ['of another namespace it is something else', [el('show', 'urn:x', {}, 'online')], 'good'],
  ['§4.7.2.2 one status', [status()], 'good'],
  ['§4.7.2.2 in two languages', [status(), status('cs')], 'good'],
  ['§4.7.2.2 two in one', [status('cs'), status('cs')], 'bad-request'],
  ['§4.7.2.2 two in that of the stanza', [status(), status('en')], 'bad-request'],
  ['§4.7.2.2 mixed content', [el('status', NS.client, {}, el('x', 'urn:x'))], 'bad-request'],
];

for (const [title, children, expected] of TABLE) {
  test(`${title}: ${expected}`, () => {
    let outcome = 'good';
    try {
      validateShape(Stanza.build('presence', { lang: 'en' }, ...children));
    } catch (error) {
      assert.ok(error instanceof StanzaError);
      outcome = error.condition;
    }
    assert.equal(outcome, expected);
  });
}
