// Source: XEP-0441 0.2.0 — Message Archive Management Preferences
import { COPY, FATE, preferences } from '@starling/contracts';
import { defineFeature, type IqRequest, sessionSlot } from '@starling/feature-api';
import { bytes, configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';
import { keepsArchived } from './keeps-archived.ts';
import { readPreferences, writePreferences } from './kept-preferences.ts';
import { NS, parsePreferences, preferencesElement } from './preferences-xml.ts';
import { UserPreferences } from './user-preferences.ts';

/** The session counts among those that need its user's preferences. */
const holds = sessionSlot<boolean>('mam-preferences.holds', false);

/** In the record of a session that can be resumed: its user's preferences, unless they are long. */
const KEPT = 'mam-preferences';

export const preferencesConfig = configSpec({
  keptBytesMax: bytes(
    'STARLING_MAM_PREFERENCES_KEPT_BYTES_MAX',
    '16KiB',
    { max: '128KiB' },
    'of archiving preferences in the record of a session that can be resumed; longer ones are read again when it goes on elsewhere',
  ),
});

export default defineFeature({
  name: 'mam-preferences',
  xep: { number: 441, version: '0.2.0', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: preferencesConfig,
  setup({ iq, on, call, wishes, config }) {
    const users = new UserPreferences((user) => wishes.preferences(user));

    on('session:bound', 'guard', ({ session, kept }) => {
      holds.set(session, true);
      const loading = users.hold(session.user, readPreferences(kept?.get(KEPT)));
      return loading === undefined ? 'next' : loading.then(() => 'next' as const);
    });
    on('session:saved', 'observe', ({ session, kept }) => {
      const own = writePreferences(users.find(session.user), config.keptBytesMax);
      if (own !== undefined) kept.set(KEPT, own);
      return 'next';
    });
    on('session:ended', 'observe', ({ session }) => {
      if (holds.get(session)) users.release(session.user);
      return 'next';
    });
    on('user:preferences', 'deliver', (event) => {
      users.entry(event.user, event.preferences);
      return 'next';
    });

    // The archive judges its rows alike, at the same places of the log.
    on('user:message', 'guard', (event) => {
      const { user, envelope } = event;
      if (envelope.fate !== FATE.archived) return 'next';
      const peer = envelope.copy === COPY.sent ? envelope.to : envelope.from;
      if (!keepsArchived(users.keepingOf(user), peer)) event.excluded = true;
      return 'next';
    });

    iq.get(NS.mam, 'prefs', ['account', 'another-account'], async (request) =>
      preferencesElement(await call(preferences.get, { user: ownerOf(request) })),
    );
    iq.set(NS.mam, 'prefs', ['account', 'another-account'], async (request) => {
      const user = ownerOf(request);
      return preferencesElement(await call(preferences.set, { user, ...parsePreferences(request.payload) }));
    });
  },
});

/** @throws StanzaError forbidden: who is not authorized to ("Simple configuration") */
function ownerOf({ target, session: { user } }: IqRequest): string {
  if (target === 'another-account') throw new StanzaError('forbidden');
  return user;
}
