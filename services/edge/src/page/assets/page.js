// The page: Converse.js, set up for the server that it came from. What the server does not speak yet is off here.

const WEBSOCKET_PATH = '/xmpp-websocket';
const { domain, registration, converse: base, icon } = document.documentElement.dataset;

/**
 * Parts of Converse.js for what the server has not: encryption, commands, bookmarks, rooms, push, BOSH. Others ask for the class of the rooms, so that
 * part stays; nothing of it is shown.
 */
const SWITCHED_OFF = [
  ...['converse-adhoc', 'converse-adhoc-views', 'converse-bookmarks', 'converse-bookmark-views', 'converse-bosh'],
  ...['converse-disco-views', 'converse-dragresize', 'converse-headlines', 'converse-headlines-view'],
  ...['converse-minimize', 'converse-muc-views', 'converse-omemo', 'converse-omemo-views', 'converse-push'],
  ...['converse-roomslist', 'converse-singleton'],
];

const NEEDS_HTTPS = {
  en: 'Your browser lets nobody log in over an insecure connection. Please open this page by its https:// address.',
  zh: '浏览器不允许通过不安全的连接登录。请使用 https:// 地址打开本页面。',
};

/** Converse.js knows zh_CN and zh_TW; a browser may say zh, zh-Hans, zh-HK. Everything else it finds by itself. */
function chineseLocale(language = '') {
  if (!/^zh\b/i.test(language)) return undefined;
  return /hant|tw|hk|mo/i.test(language) ? 'zh_TW' : 'zh_CN';
}

/** In place of Converse's own logo, links, sponsors and list of rooms; defined first, so theirs are not. */
function defineElements() {
  const define = (name, render) =>
    customElements.define(
      name,
      class extends HTMLElement {
        connectedCallback() {
          this.replaceChildren(...render());
        }
      },
    );
  define('converse-brand-logo', () => [
    Object.assign(new Image(56, 56), { src: icon, alt: '' }),
    Object.assign(document.createElement('h1'), { textContent: 'Starling' }),
  ]);
  define('converse-footer', () => {
    const source = { href: 'https://github.com/conversejs/converse.js', textContent: 'Converse.js', rel: 'noopener' };
    return [Object.assign(document.createElement('a'), { ...source, target: '_blank' })];
  });
  for (const name of ['controlbox-navbar', 'headlines-feeds-list', 'rooms-list']) define(`converse-${name}`, () => []);
}

/** What settings cannot do. */
function adapt(converse) {
  converse.plugins.add('starling', {
    dependencies: ['converse-controlbox', 'converse-emoji', 'converse-register', 'converse-roster'],
    initialize() {
      const { api, exports, state } = this._converse;
      void api.waitUntil('controlBoxInitialized').then(() => document.getElementById('splash')?.remove());
      askInReturn(exports.RosterContact);
      translateRegistration(exports.RegistrationForm, converse.env);
      // A new document: in the form that Converse.js shows instead, the Enter key does nothing (Chromium).
      api.listen.on('logout', () => {
        history.replaceState(null, '', location.pathname);
        location.reload();
      });
      leaveWithTheWindow(api, state);
      api.listen.on('userSessionInitialized', () => keepEmojisHere(state));
      api.listen.on('connected', () => keepEmojisHere(state));
    },
  });
}

/** Whoever closes the window is gone at once: without this the server would keep the session for its return (XEP-0198 §5). */
function leaveWithTheWindow(api, state) {
  addEventListener('pagehide', ({ persisted }) => {
    if (persisted || !api.connection.connected()) return;
    state.session.save({ smacks_enabled: false, smacks_stream_id: null });
    api.connection.get().disconnect();
  });
}

/** The form of XEP-0077 §3.1 in the reader's language, its labels tied to its fields; Converse.js shows the names of the elements. */
function translateRegistration(RegistrationForm, { html, i18n }) {
  const field = (name, label, type, autocomplete, addon) => html`
    <div class="mb-3">
      <label class="form-label" for="register-${name}">${label}</label>
      <div class="input-group">
        <input class="form-control" id="register-${name}" name=${name} type=${type} autocomplete=${autocomplete}
          autocapitalize="none" spellcheck="false" required />
        ${addon}
      </div>
    </div>`;
  RegistrationForm.prototype.getLegacyFormFields = function fields() {
    this.instructions = '';
    return [
      field(
        'username',
        i18n.__('Username'),
        'text',
        'username',
        html`<span class="input-group-text">@${this.domain}</span>`,
      ),
      field('password', i18n.__('Password'), 'password', 'new-password', ''),
    ];
  };
}

/** Whoever accepts a contact asks for it in return: Converse.js 14.0.0 means to, but calls the subscription to a model's changes. */
function askInReturn({ prototype }) {
  const { subscribe } = prototype;
  prototype.subscribe = function subscribeTo(...args) {
    return args.length === 0 ? this.subscribeToPresence() : subscribe.apply(this, args);
  };
}

/** Converse.js keeps the emojis that one uses most at the server (PEP): here in the browser only. */
function keepEmojisHere({ session, popular_emojis: popular }) {
  session?.set(`converse.popular_emojis_frequencies.${session.get('bare_jid')}-fetched`, true);
  if (popular) popular.publish = async () => undefined;
}

function notice(text) {
  document.body.replaceChildren(Object.assign(document.createElement('p'), { className: 'notice', textContent: text }));
}

async function start() {
  const chinese = chineseLocale(navigator.language);
  // Logging in takes SCRAM, and that the cryptography which a browser has only in a secure context.
  if (!globalThis.isSecureContext) return notice(chinese ? NEEDS_HTTPS.zh : NEEDS_HTTPS.en);
  await import(`${base}/converse.min.js`);
  const { converse } = globalThis;
  defineElements();
  adapt(converse);
  await converse.initialize({
    ...{ assets_path: base, blacklisted_plugins: SWITCHED_OFF, whitelisted_plugins: ['starling'] },
    ...(chinese === undefined ? {} : { i18n: chinese }),
    ...{ view_mode: 'fullscreen', theme: 'classic', dark_theme: 'classic', show_background: false },
    notification_icon: icon,
    loglevel: 'error',

    // Only this server, and only its users log in here.
    websocket_url: `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${WEBSOCKET_PATH}`,
    discover_connection_methods: false,
    ...{ locked_domain: domain, registration_domain: domain, allow_registration: registration === 'open' },

    // Nothing from elsewhere: no lists of providers, no pictures that a message names.
    ...{ autocomplete_providers_url: '', xmpp_providers_url: '', muc_search_service: '' },
    ...{ render_media: false, embed_3rd_party_media_players: false, fetch_url_headers: false },
    ...{ allowed_audio_domains: [], allowed_image_domains: [], allowed_video_domains: [] },

    // No calls; no place either, which the browser is told not to tell.
    visible_toolbar_buttons: { call: false, clear: true, emoji: true, location: false, spoiler: false },
    ...{ auto_reconnect: true, show_self_in_roster: false, show_client_info: false },
  });
  document.documentElement.lang = converse.env.i18n.getLocale().replace('_', '-');
}

await start();
