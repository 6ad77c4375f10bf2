// Source: XEP-0157 1.1.1 — Contact Addresses for XMPP Services
import { defineFeature } from '@starling/feature-api';
import { configSpec, text } from '@starling/runtime';
import { contactForm } from './contact-form.ts';

const addresses = (role: string, doc: string) =>
  text(
    `STARLING_CONTACT_${role}`,
    '',
    // RFC 3986 §3: a scheme and something behind it; several are set apart by spaces.
    { pattern: /^[A-Za-z][A-Za-z0-9+.-]*:\S+( +[A-Za-z][A-Za-z0-9+.-]*:\S+)*$/ },
    `${doc}: URIs such as mailto:abuse@example.com, set apart by spaces (XEP-0157)`,
  );

export default defineFeature({
  name: 'contact-addresses',
  xep: { number: 157, version: '1.1.1', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: configSpec({
    abuse: addresses('ABUSE', 'where abuse is reported'),
    admin: addresses('ADMIN', 'who administers the server'),
    feedback: addresses('FEEDBACK', 'where feedback goes'),
    sales: addresses('SALES', 'where to buy'),
    security: addresses('SECURITY', 'where security problems are reported'),
    status: addresses('STATUS', 'where the state of the service is told'),
    support: addresses('SUPPORT', 'who helps users'),
  }),
  setup({ config, disco }) {
    const form = contactForm(config);
    if (form !== undefined) disco.addForm('server', form);
  },
});
