// Source: XEP-0077 2.4 — In-Band Registration
import { accounts } from '@starling/contracts';
import { defineFeature } from '@starling/feature-api';
import { localOf } from '@starling/jid';
import { choice, configSpec, int } from '@starling/runtime';
import { el, StanzaError } from '@starling/stanza';
import { AddressQuota } from './address-quota.ts';
import { type Credentials, NS, parseRegistration } from './request.ts';

const REGISTRATION_WINDOW_MS = 3_600_000;

const FORM = el(
  'query',
  NS.register,
  {},
  el('instructions', NS.register, {}, 'Choose a username and a password.'),
  el('username', NS.register),
  el('password', NS.register),
);

export const registrationConfig = configSpec({
  mode: choice(
    'STARLING_REGISTRATION',
    ['open', 'closed'],
    'closed',
    'whether strangers may register in band (XEP-0077)',
  ),
  perHourMax: int(
    'STARLING_REGISTRATIONS_PER_HOUR',
    20,
    { min: 1 },
    'accounts that one address may register in an hour; loopback is spared',
  ),
});

export default defineFeature({
  name: 'registration',
  xep: {
    number: 77,
    version: '2.4',
    status: 'complete',
    since: '0.1.0',
    note: 'username and password; no data forms, no redirection',
  },
  runsOn: ['edge'],
  disco: { server: [NS.register] },
  config: registrationConfig,
  setup({ iq, config, call, makeKeys, domain, streamFeature }) {
    const quota = new AddressQuota(config.perHourMax, REGISTRATION_WINDOW_MS);

    if (config.mode === 'open') {
      streamFeature('before-auth', el('register', NS.streamFeature));
      iq.onStream('get', NS.register, 'query', () => FORM);
      iq.onStream('set', NS.register, 'query', async ({ payload, loopback, peerAddress }) => {
        const request = parseRegistration(payload, domain);
        // §"Entity Cancels": whoever has no account cannot cancel one.
        if (request.kind === 'remove') throw new StanzaError('unexpected-request');
        if (!loopback && !quota.take(peerAddress, Date.now()))
          throw new StanzaError('resource-constraint', 'too many registrations');
        await call(accounts.create, { user: request.user, keys: await makeKeys(request.password) });
        return undefined;
      });
    }

    iq.get(NS.register, 'query', ['server', 'account'], ({ session }) =>
      el(
        'query',
        NS.register,
        {},
        el('registered', NS.register),
        el('username', NS.register, {}, localOf(session.user)),
        el('password', NS.register),
      ),
    );

    iq.set(NS.register, 'query', ['server', 'account'], async ({ payload, session }) => {
      const request = parseRegistration(payload, domain);
      if (request.kind === 'remove') {
        // The deletion is an entry of the account's log: every edge that holds one of its sessions ends it when it arrives.
        await call(accounts.remove, { user: session.user });
        return undefined;
      }
      await changePassword(request, session.user);
      return undefined;
    });

    async function changePassword({ user, password }: Credentials, own: string): Promise<void> {
      if (user !== own) throw new StanzaError('not-allowed', 'only your own password');
      await call(accounts.setKeys, { user, keys: await makeKeys(password) });
    }
  },
});
