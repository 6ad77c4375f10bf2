import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '@starling/runtime';
import contacts from './contact-addresses.ts';
import { contactForm, NS } from './contact-form.ts';

test('§3 one field a role that has addresses, one value an address', () => {
  const byRole = { abuse: 'mailto:abuse@shakespeare.lit  xmpp:abuse@shakespeare.lit', admin: '', sales: 'xmpp:bard@x' };
  assert.deepEqual(contactForm(byRole), {
    type: NS.serverInfo,
    fields: [
      { var: 'abuse-addresses', values: ['mailto:abuse@shakespeare.lit', 'xmpp:abuse@shakespeare.lit'] },
      { var: 'sales-addresses', values: ['xmpp:bard@x'] },
    ],
  });
});

test('without addresses there is no form', () => assert.equal(contactForm({ abuse: '', admin: '' }), undefined));

test('§3 an address is a URI', () => {
  const load = (value: string) =>
    loadConfig({ contacts: contacts.config }, { env: { STARLING_CONTACT_ABUSE: value }, args: [] }).contacts.abuse;
  assert.equal(load('mailto:a@b https://c.d/e'), 'mailto:a@b https://c.d/e');
  assert.throws(() => load('abuse@example.com'));
  assert.throws(() => load('mailto:a@b and others'));
});
