// helm/starling/values.schema.json: strict. The part `config` comes from the declarations of the services.
const TITLE = 'Values of the chart starling';

const object = (properties) => ({ type: 'object', additionalProperties: false, properties });
const mapOf = (values) => ({ type: 'object', additionalProperties: values });
const listOf = (items, rules = {}) => ({ type: 'array', items, ...rules });
const oneOf = (...words) => ({ type: 'string', enum: words });
const int = (minimum, maximum) => ({ type: 'integer', minimum, maximum });
const matching = (pattern) => ({ type: 'string', pattern });
/** What Kubernetes checks itself. */
const kubernetes = { type: 'object' };
const kubernetesList = listOf(kubernetes);
const text = { type: 'string' };
const flag = { type: 'boolean' };

const PORT = int(1, 65_535);
const NAME = matching('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$');
const DNS_NAME = '[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*';
const HOST = matching(`^(\\*\\.)?${DNS_NAME}$`);
const ADDRESS_RANGE = matching('^[0-9a-fA-F.:]+(/[0-9]{1,3})?$');
const LABELS = mapOf(text);
const LABEL_ITEMS = { nodeSelector: LABELS, podLabels: LABELS, podAnnotations: LABELS };
const DURATION = '^(0|[0-9]{1,15} ?(ms|s|m|h|d))$';
const SIZE = '^[0-9]{1,15} ?(B|kB|MB|GB|KiB|MiB|GiB)?$';
const SECONDS_MAX = 3_600;

const secretKey = { existingSecret: NAME, key: matching('^[-._a-zA-Z0-9]+$') };

const podSettings = {
  ...LABEL_ITEMS,
  tolerations: kubernetesList,
  affinity: kubernetes,
  priorityClassName: NAME,
  runtimeClassName: NAME,
  topologySpreadConstraints: kubernetesList,
  extraEnv: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', not: { pattern: '^STARLING_' } },
    additionalProperties: text,
  },
  minReadySeconds: int(0, SECONDS_MAX),
  revisionHistoryLimit: int(0, 100),
};

const COUNT_OR_PERCENT = { anyOf: [int(1, 1_000), matching('^[1-9][0-9]?%$')] };

const service = (more) =>
  object({
    replicas: int(1, 1_000),
    resources: kubernetes,
    maxSurge: COUNT_OR_PERCENT,
    podDisruptionBudget: object({ enabled: flag, maxUnavailable: COUNT_OR_PERCENT }),
    overrides: object(podSettings),
    ...more,
  });

const behind = service({ stopSeconds: int(1, SECONDS_MAX) });

const autoscaling = object({
  enabled: flag,
  kind: oneOf('hpa', 'keda'),
  minReplicas: int(1, 1_000),
  maxReplicas: int(1, 1_000),
  connectionsPerPod: int(1, 1_000_000),
  cpuPercent: int(0, 1_000),
  scaleDown: object({ stabilizationSeconds: int(0, SECONDS_MAX), periodSeconds: int(1, 1_800) }),
  keda: object({
    prometheusAddress: matching('^(https?://.+)?$'),
    pollingInterval: int(1, SECONDS_MAX),
    query: text,
    authenticationRef: NAME,
  }),
});

const exposed = object({
  enabled: flag,
  type: oneOf('ClusterIP', 'LoadBalancer', 'NodePort'),
  port: PORT,
  nodePort: int(0, 65_535),
  externalTrafficPolicy: oneOf('Local', 'Cluster'),
  loadBalancerClass: text,
  loadBalancerSourceRanges: listOf(ADDRESS_RANGE),
  annotations: LABELS,
  ipFamilyPolicy: oneOf('', 'SingleStack', 'PreferDualStack', 'RequireDualStack'),
});

const route = (more = {}) =>
  object({
    enabled: flag,
    apiVersion: matching('^gateway\\.networking\\.k8s\\.io/v1([a-z0-9]*)$'),
    parentRefs: listOf({ ...kubernetes, required: ['name'] }),
    annotations: LABELS,
    ...more,
  });
const namedRoute = route({ hostnames: listOf(HOST) });

const PROPERTIES = {
  global: kubernetes,
  domain: matching(`^(${DNS_NAME})?$`),
  nameOverride: NAME,
  fullnameOverride: NAME,
  commonLabels: LABELS,
  commonAnnotations: LABELS,
  image: object({
    repository: { type: 'string', minLength: 1 },
    tag: matching('^[-._a-zA-Z0-9]*$'),
    digest: matching('^(sha256:[0-9a-f]{64})?$'),
    pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  }),
  imagePullSecrets: listOf(object({ name: NAME })),
  listenAddress: matching('^[0-9a-fA-F.:]+$'),
  nats: object({
    url: matching('^((nats|tls)://[^\\s,@/]+(,(nats|tls)://[^\\s,@/]+)*)?$'),
    ports: listOf(PORT, { minItems: 1 }),
    tls: object({ caSecret: NAME, caConfigMap: NAME, caKey: secretKey.key }),
    auth: object({
      existingSecret: NAME,
      keys: object(Object.fromEntries(['edge', 'roster', 'archive', 'presence'].map((role) => [role, secretKey.key]))),
    }),
  }),
  postgresql: object({ ...secretKey, ports: listOf(PORT, { minItems: 1 }) }),
  migrations: object({
    mode: oneOf('start', 'job'),
    backoffLimit: int(0, 100),
    activeDeadlineSeconds: int(1, 86_400),
    ttlSecondsAfterFinished: int(0, 2_592_000),
    databaseWaitSeconds: int(1, SECONDS_MAX),
    resources: kubernetes,
  }),
  archiveIdSecret: object(secretKey),
  adminToken: object(secretKey),
  tls: object({
    existingSecret: NAME,
    certManager: object({
      enabled: flag,
      issuerRef: object({ name: NAME, kind: text, group: text }),
      dnsNames: listOf(HOST),
      duration: matching('^[0-9]+(h|m|s)$'),
      renewBefore: matching('^[0-9]+(h|m|s)$'),
      privateKey: object({ algorithm: oneOf('ECDSA', 'RSA', 'Ed25519'), size: int(0, 8_192) }),
    }),
    selfSigned: flag,
  }),
  common: object(podSettings),
  edge: service({
    drainSeconds: int(1, 600),
    deregistrationSeconds: int(0, SECONDS_MAX),
    autoscaling,
  }),
  presence: behind,
  roster: behind,
  archive: behind,
  service: object({ c2s: exposed, c2sTls: exposed, http: exposed }),
  proxyProtocol: object({ from: listOf(ADDRESS_RANGE) }),
  http: object({
    trustedProxies: listOf(ADDRESS_RANGE),
    behindTls: { type: ['boolean', 'null'] },
    publicUrl: matching('^(https?://[^\\s/?#@]+(/[^\\s?#]*)?)?$'),
    page: flag,
  }),
  ingress: object({
    enabled: flag,
    className: NAME,
    annotations: LABELS,
    hosts: listOf(HOST),
    paths: listOf(matching('^/'), { minItems: 1 }),
    tls: object({ enabled: flag, secretName: NAME }),
  }),
  gateway: object({ httpRoute: namedRoute, tlsRoute: namedRoute, tcpRoute: route() }),
  networkPolicy: object({
    enabled: flag,
    ...Object.fromEntries(
      ['clients', 'http', 'monitoring', 'dns', 'nats', 'postgresql'].map((peers) => [peers, kubernetesList]),
    ),
  }),
  serviceAccount: object({ create: flag, name: NAME, annotations: LABELS }),
  monitoring: object({
    podMonitor: object({
      enabled: flag,
      interval: matching('^[0-9]+(ms|s|m)$'),
      scrapeTimeout: matching('^[0-9]+(ms|s|m)$'),
      labels: LABELS,
      relabelings: kubernetesList,
      metricRelabelings: kubernetesList,
    }),
    prometheusRule: object({ enabled: flag, labels: LABELS, runbookUrl: matching('^[^\\s#"\']+$') }),
    dashboards: object({ enabled: flag, labels: LABELS, annotations: LABELS, namespace: NAME }),
  }),
  tests: object({ enabled: flag, timeoutSeconds: int(1, 600) }),
  evaluation: object({
    enabled: flag,
    seed: text,
    storageClassName: NAME,
    ...Object.fromEntries(
      ['nats', 'postgresql'].map((server) => [
        server,
        object({ image: text, storage: matching('^[0-9]+[KMGT]i?$'), resources: kubernetes }),
      ]),
    ),
  }),
};

/** Keys that other values decide, so that one thing is said in one place. */
export const CHART_KEYS = {
  admin_host: 'listenAddress',
  admin_port: '5290, always',
  admin_token: 'adminToken.existingSecret',
  archive_id_secret: 'archiveIdSecret.existingSecret',
  c2s_port: 'service.c2s.port',
  c2s_tls_port: 'service.c2sTls.port',
  config: 'config',
  data_dir: 'the chart: only a self-signed certificate is kept there',
  database_url: 'postgresql.existingSecret',
  domain: 'domain',
  edge_drain: 'edge.drainSeconds',
  edge_stop_timeout: 'edge.drainSeconds',
  forwarded_from: 'http.trustedProxies',
  host: 'listenAddress',
  http_behind_tls: 'http.behindTls',
  http_port: 'service.http.port',
  id: 'the name of the pod',
  migrations: 'migrations.mode',
  nats_password: 'nats.auth.existingSecret',
  nats_tls_ca: 'nats.tls',
  nats_url: 'nats.url',
  nats_user: 'the service',
  page: 'http.page',
  proxy_protocol_from: 'proxyProtocol.from',
  public_url: 'http.publicUrl',
  stop_timeout: 'edge.drainSeconds, stopSeconds of the others',
  tls_cert: 'tls',
  tls_key: 'tls',
};
/** Keys of a cluster on one machine. */
const ELSEWHERE = new Set(['services/starling']);

const QUOTED_NUMBER = '^-?[0-9]{1,15}$';

/** A key as YAML may have it. */
function schemaOf({ kind, choices, min, max, doc, default: fallback }) {
  const bounds = {
    ...(min === '' ? {} : { minimum: Number(min) }),
    ...(max === '' ? {} : { maximum: Number(max) }),
  };
  const note = [
    fallback && `Default: ${fallback}.`,
    kind === 'bytes' || kind === 'duration' ? boundsIn({ min, max }) : '',
  ]
    .filter(Boolean)
    .join(' ');
  const description = `${doc}${note && `. ${note}`}`;
  // A word that YAML takes for a truth value (on, off) may come without quotes.
  if (choices.length > 0)
    return { description, enum: [...choices, ...choices.filter((c) => QUOTED.test(c)).map(Number)] };
  if (kind === 'flag') return { description, type: 'boolean' };
  if (kind === 'int' || kind === 'port') return { description, type: 'integer', ...bounds };
  if (kind === 'duration') return { description, anyOf: [{ type: 'string', pattern: DURATION }, { const: 0 }] };
  if (kind === 'bytes')
    return {
      description,
      anyOf: [
        { type: 'string', pattern: SIZE },
        { type: 'integer', minimum: 0 },
      ],
    };
  return { description, type: 'string' };
}
const QUOTED = new RegExp(QUOTED_NUMBER);

const boundsIn = ({ min, max }) =>
  [min && `From ${min}`, max && `${min ? 'to' : 'To'} ${max}`].filter(Boolean).join(' ');

/** The keys of docs/config.md that `config` takes, sorted. */
export function configRows({ configs }, describe) {
  const rows = new Map();
  for (const { part, spec } of configs) {
    if (ELSEWHERE.has(part)) continue;
    for (const row of describe(spec)) if (row.kind !== 'secret' && !(row.key in CHART_KEYS)) rows.set(row.key, row);
  }
  return [...rows.values()].sort((a, b) => a.key.localeCompare(b.key));
}

const withDescriptions = (schema, docs, path = '') => {
  if (schema.properties === undefined) return schema;
  const described = Object.entries(schema.properties).map(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const doc = docs.get(at);
    return [key, { ...(doc === undefined ? {} : { description: doc }), ...withDescriptions(value, docs, at) }];
  });
  return { ...schema, properties: Object.fromEntries(described) };
};

/** @param docs description of each path of values.yaml */
export function valuesSchema(declarations, describe, docs) {
  const config = Object.fromEntries(configRows(declarations, describe).map((row) => [row.key, schemaOf(row)]));
  const schema = object({ ...PROPERTIES, config: object(config) });
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: TITLE, ...withDescriptions(schema, docs) };
}
