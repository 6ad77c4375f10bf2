/** What a run is told by its environment (`k6 run -e USERS=500 …`); read once, when a script is loaded. */
export interface Settings {
  /** The WebSocket of the cluster (RFC 7395). */
  readonly url: string;
  readonly domain: string;
  /** Accounts `${prefix}0` to `${prefix}${users - 1}`, all with one password. */
  readonly users: number;
  readonly prefix: string;
  readonly password: string;
  readonly mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256';
  /** Users whom one of k6's virtual users plays. */
  readonly usersPerVu: number;
  /** How long the first logins are spread; nothing else happens before their end. */
  readonly rampSeconds: number;
  /** Of what the scenario is about. */
  readonly seconds: number;
  /** What is still on its way when sending ends has so long to arrive. */
  readonly graceSeconds: number;
  /** A message of one user every so many seconds. */
  readonly messageSeconds: number;
  /** What 99 of 100 deliveries may take at most: more, where sessions have to go on at other edges meanwhile. */
  readonly deliveryMs: number;
  /** Told apart in bodies, so that what an earlier run left behind does not count; the same for all instances of k6. */
  readonly run: string;
  /** Where the summary is written as JSON; '' = nowhere. */
  readonly summary: string;
}

const DEFAULTS = {
  URL: 'ws://127.0.0.1:5280/xmpp-websocket',
  DOMAIN: 'localhost',
  USERS: '100',
  PREFIX: 'k6-',
  PASSWORD: 'k6-secret',
  MECHANISM: 'SCRAM-SHA-256',
  USERS_PER_VU: '10',
  RAMP_SECONDS: '10',
  SECONDS: '60',
  GRACE_SECONDS: '5',
  MESSAGE_SECONDS: '10',
  DELIVERY_MS: '1000',
  RUN: 'run',
  SUMMARY: '',
} as const;

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: keyof typeof DEFAULTS): string => env[name] ?? DEFAULTS[name];
  const number = (name: keyof typeof DEFAULTS): number => {
    const value = Number(text(name));
    if (!(value >= 0)) throw new Error(`${name} is no number: ${text(name)}`);
    return value;
  };
  const mechanism = text('MECHANISM');
  if (mechanism !== 'SCRAM-SHA-1' && mechanism !== 'SCRAM-SHA-256') throw new Error(`MECHANISM: ${mechanism}`);
  return {
    url: text('URL'),
    domain: text('DOMAIN'),
    users: number('USERS'),
    prefix: text('PREFIX'),
    password: text('PASSWORD'),
    mechanism,
    usersPerVu: number('USERS_PER_VU'),
    rampSeconds: number('RAMP_SECONDS'),
    seconds: number('SECONDS'),
    graceSeconds: number('GRACE_SECONDS'),
    messageSeconds: number('MESSAGE_SECONDS'),
    deliveryMs: number('DELIVERY_MS'),
    run: text('RUN'),
    summary: text('SUMMARY'),
  };
}
