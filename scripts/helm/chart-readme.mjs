// helm/starling/README.md: how to install, and every value.
import { CHART_KEYS } from './values-schema.mjs';

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text) => `\`${cell(text)}\``;
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The values that have none below them, in the order of values.yaml. */
function leaves(values, schema, path = []) {
  return Object.entries(values).flatMap(([key, value]) => {
    const inner = schema.properties?.[key];
    const at = [...path, key];
    const isInner = inner?.properties !== undefined && Object.keys(value ?? {}).length > 0 && at[0] !== 'config';
    return isInner ? leaves(value, inner, at) : [{ path: at.join('.'), value }];
  });
}

/** @param docs description of each path of values.yaml */
export function renderChartReadme({ marker, chart, values, schema, docs }) {
  const sections = groupBy(leaves(values, schema), groupOf);
  const tables = [...sections].map(([section, found]) => {
    const rows = found.map(({ path, value }) => [code(path), code(JSON.stringify(value)), cell(docs.get(path) ?? '')]);
    const intro = docs.get(section);
    return `### ${section}\n\n${intro && found.length > 1 ? `${intro}\n\n` : ''}${table(['value', 'default', 'meaning'], rows)}`;
  });
  return `<!-- ${marker} -->
# The chart \`starling\`

${chart.description} Kubernetes ${chart.kubeVersion.replace(/^>=|\.0-0$/g, '')} or later, Helm 4 (3 is not tested).
The way from an empty cluster to a monitored domain with TLS is [docs/operate.md](../../docs/operate.md); this page lists what can be set.

A look, with one NATS server and one PostgreSQL of its own:

\`\`\`sh
helm install starling helm/starling --set domain=example.com --set tls.selfSigned=true \\
  --set evaluation.enabled=true --set evaluation.seed=$(openssl rand -hex 32)
helm test starling --logs
\`\`\`

For people, NATS and PostgreSQL are yours ([infra/nats/values.yaml](../../infra/nats/values.yaml) for the official NATS chart,
[infra/postgres/cluster.yaml](../../infra/postgres/cluster.yaml) for CloudNativePG), and every credential is in a Secret that exists before:

\`\`\`yaml
domain: example.com
nats:
  url: tls://nats.nats.svc:4222
  tls: {caSecret: nats-ca}
  auth: {existingSecret: starling-nats}
postgresql: {existingSecret: starling-db-app}
archiveIdSecret: {existingSecret: starling-archive-id}
tls:
  certManager: {enabled: true, issuerRef: {name: letsencrypt}}
config: {log_replicas: "3"}
\`\`\`

## What the chart makes

- A Deployment for each service: \`edge\` holds the clients, \`presence\`, \`roster\` and \`archive\` are behind NATS and have no Service.
  \`maxUnavailable: 0\`; a PodDisruptionBudget where there is more than one replica.
- Edges are scaled by their connections, by a HorizontalPodAutoscaler or KEDA. A stopping edge hands its sessions over within
  \`edge.drainSeconds\`; its grace period is computed: \`deregistrationSeconds + drainSeconds + 20\`.
- Tables of PostgreSQL are brought up to date by roster and archive when they start, under a lock: no hook, no job, and two releases work
  side by side during an upgrade.
- Pods run as 65532 on a read-only root, without capabilities and without a token of Kubernetes; each has the secrets of its own service as
  files, and no others. NetworkPolicies in both directions.
- The certificate's files are read again every minute (\`config.tls_reload_interval\`). Passwords, \`archiveIdSecret\` and the NATS authority
  are read at the start: \`kubectl rollout restart\` after changing them.
- Nothing is random and nothing is looked up in the cluster: two renders are the same bytes.

## Values

${tables.join('\n\n')}

### Keys of docs/config.md that other values decide

${table(
  ['key', 'decided by'],
  Object.entries(CHART_KEYS).map(([key, by]) => [code(key), by]),
)}
`;
}

/** What stands alone stands together. */
const groupOf = ({ path }) => (path.includes('.') ? path.split('.')[0] : 'In general');

/** Map.groupBy comes with Node 21. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
