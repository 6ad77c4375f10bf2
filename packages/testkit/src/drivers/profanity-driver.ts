import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ConnectCommand, type ForeignContact, type ForeignEvent, serveCommands, tell } from './protocol.ts';

// profanity in a terminal of tmux: it is told what to do by typing, as a person would; a plugin of it tells what has arrived.

const ACCOUNT = 'test';
const PLUGIN = 'profanity-events.py';
const COLUMNS = '200';
const ROWS = '50';
const QUIT_TIMEOUT_MS = 5_000;
const QUIT_POLL_MS = 50;

/** What the plugin says of roster results and pushes. */
interface RosterItems {
  readonly event: 'roster-items';
  readonly items: readonly Readonly<Record<string, string | undefined>>[];
}

const home = mkdtempSync(join(tmpdir(), 'starling-profanity-'));
const contacts = new Map<string, ForeignContact>();
/** Nobody else's tmux is to be touched. */
const tmuxName = `starling-${randomBytes(6).toString('hex')}`;
let bareJid = '';
let isOnline = false;

function tmux(...args: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    TESTKIT_EVENTS: join(home, 'events'),
    LC_ALL: 'C.UTF-8',
    TERM: 'xterm-256color',
  };
  const { status, stdout, stderr } = spawnSync('tmux', ['-L', tmuxName, '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env,
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

function type(line: string): void {
  tmux('send-keys', '-t', ACCOUNT, '-l', line);
  tmux('send-keys', '-t', ACCOUNT, 'Enter');
}

/** What stands on the screen, for whoever looks for a mistake. */
const screen = (): string => tmux('capture-pane', '-p', '-t', ACCOUNT).text.replace(/\n+/g, '\n');

function writeConfig({ jid, password, endpoint: { host, port } }: ConnectCommand): void {
  const [bare = '', resource = ''] = jid.split('/');
  bareJid = bare;
  const plugins = join(home, 'data', 'profanity', 'plugins');
  mkdirSync(plugins, { recursive: true });
  mkdirSync(join(home, 'config', 'profanity'), { recursive: true });
  cpSync(fileURLToPath(new URL(`../assets/${PLUGIN}`, import.meta.url)), join(plugins, PLUGIN));
  const account = {
    enabled: 'true',
    jid: bare,
    resource,
    server: host,
    port: String(port),
    password,
    // The certificate of a test is self-signed, and accepted here and nowhere else.
    'tls.policy': 'trust',
    'presence.login': 'online',
    'presence.last': 'online',
  };
  const lines = Object.entries(account).map(([key, value]) => `${key}=${value}`);
  writeFileSync(join(home, 'data', 'profanity', 'accounts'), `[${ACCOUNT}]\n${lines.join('\n')}\n`, { mode: 0o600 });
  // A message to a full address would open a window of its own, and a prompt would wait for an answer.
  const settings = ['[plugins]', `load=${PLUGIN};`, '[ui]', 'splash=false', '[connection]', 'reconnect=0'];
  writeFileSync(join(home, 'config', 'profanity', 'profrc'), `${settings.join('\n')}\n`);
}

function onEvent(event: ForeignEvent | RosterItems): void {
  if (event.event !== 'roster-items') {
    tell(event);
    if (event.event === 'presence' && !isOnline) onFirstPresence(event.presence.from);
    return;
  }
  for (const { jid = '', name = '', subscription = 'none', ask } of event.items) {
    if (subscription === 'remove') contacts.delete(jid);
    else contacts.set(jid, { jid, name, subscription, ask: ask === 'subscribe' });
  }
}

/** Its initial presence has come back to it (RFC 6121 §4.2.2). */
function onFirstPresence(from: string): void {
  if (from.split('/', 1)[0] !== bareJid) return;
  isOnline = true;
  tell({ event: 'online', jid: from });
}

async function start(command: ConnectCommand): Promise<void> {
  writeConfig(command);
  const events = createServer((connection) => {
    createInterface({ input: connection }).on('line', (line) =>
      onEvent(JSON.parse(line) as ForeignEvent | RosterItems),
    );
    // It has ended, or could not log in and was told to end: what was on its screen says why.
    connection.on('error', () => undefined); // Policy: the end that follows is told.
  }).listen(join(home, 'events'));
  events.unref();
  const session = ['-d', '-s', ACCOUNT, '-x', COLUMNS, '-y', ROWS];
  const { ok, text } = tmux('new-session', ...session, `profanity -a ${ACCOUNT}`);
  if (!ok) throw new Error(`tmux: ${text}`);
}

const SUBSCRIPTION = {
  subscribe: (to: string) => `/sub request ${to}`,
  subscribed: (to: string) => `/sub allow ${to}`,
  unsubscribed: (to: string) => `/sub deny ${to}`,
} as const;

/** Ends it as a person would. */
async function end(): Promise<void> {
  if (isOnline) type('/quit');
  const deadline = Date.now() + QUIT_TIMEOUT_MS;
  while (isOnline && tmux('has-session', '-t', ACCOUNT).ok && Date.now() < deadline) await delay(QUIT_POLL_MS);
  if (!isOnline) process.stderr.write(screen());
}

// However the driver ends, its terminal and its folder go with it.
process.once('exit', () => {
  tmux('kill-server');
  rmSync(home, { recursive: true, force: true });
});

await serveCommands({
  connect: start,
  async send({ to, body }) {
    // It chooses the id by itself.
    type(`/msg ${to} ${body}`);
  },
  async history({ peer }) {
    // It asks for the archive of a chat when the window opens, page by page; the plugin tells what it has at the end.
    type('/mam on');
    type(`/msg ${peer}`);
  },
  async roster() {
    tell({ event: 'roster', contacts: [...contacts.values()] });
  },
  async add({ jid, name }) {
    type(`/roster add ${jid} "${name}"`);
  },
  async remove({ jid }) {
    type(`/roster remove ${jid}`);
  },
  async subscription({ type: what, to }) {
    if (what === 'unsubscribe') throw new Error('profanity has no command that only unsubscribes');
    type(SUBSCRIPTION[what](to));
  },
  async presence({ show, status }) {
    type(status === '' ? `/${show}` : `/${show} "${status}"`);
  },
  close: end,
});
