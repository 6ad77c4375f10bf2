// What must hold of everything that the chart renders. Each rule returns what is wrong, one line each.
const KINDS_WITH_PODS = new Set(['Deployment', 'Job', 'StatefulSet']);
/** They end by themselves: nobody asks whether they are ready, and nothing keeps their node. */
const PASSING = new Set(['Job', 'Pod']);
/** Servers of the evaluation mode: one each, nothing to hand over. */
const EVALUATION = new Set(['nats', 'postgresql']);
const NAME_CHARS_MAX = 63;
const VOLUMES = new Set(['configMap', 'downwardAPI', 'emptyDir', 'projected', 'secret']);

const nameOf = ({ kind, metadata }) => `${kind}/${metadata.name}`;
const byKind = (objects, ...kinds) => objects.filter(({ kind }) => kinds.includes(kind));
const secondsOf = (text) => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);

/** Everything that runs: { name, labels, spec, owner }. */
export function podsOf(objects) {
  return objects.flatMap((owner) => {
    if (owner.kind === 'Pod') return [{ name: nameOf(owner), labels: owner.metadata.labels, spec: owner.spec, owner }];
    if (!KINDS_WITH_PODS.has(owner.kind)) return [];
    const { metadata, spec } = owner.spec.template;
    return [{ name: nameOf(owner), labels: metadata.labels, spec, owner }];
  });
}

const componentOf = ({ labels }) => labels['app.kubernetes.io/component'];
const isService = (pod) => pod.owner.kind === 'Deployment';
export const envOf = (container) => Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
const matches = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);
const selects = (selector, { labels }) => matches(selector?.matchLabels ?? {}, labels);
const portsOf = ({ spec }) => new Set(spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name)));

function* objectsAreNamed(objects) {
  const seen = new Set();
  for (const object of objects) {
    const { name = '', namespace, labels = {} } = object.metadata ?? {};
    const key = `${object.apiVersion} ${nameOf(object)} ${namespace}`;
    if (seen.has(key)) yield `${key}: there are two`;
    seen.add(key);
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) || name.length > NAME_CHARS_MAX) yield `${key}: no name`;
    if (namespace === undefined) yield `${key}: no namespace`;
    for (const label of ['name', 'instance', 'component', 'version', 'managed-by'])
      if (!labels[`app.kubernetes.io/${label}`]) yield `${key}: no label ${label}`;
  }
}

/** The profile `restricted` of the Pod Security Standards, and a read-only root. */
function* podsAreRestricted(objects) {
  for (const { name, spec } of podsOf(objects)) {
    const pod = spec.securityContext ?? {};
    if (pod.runAsNonRoot !== true || !(pod.runAsUser > 0)) yield `${name}: may run as root`;
    if (pod.seccompProfile?.type !== 'RuntimeDefault') yield `${name}: no seccomp profile`;
    if (spec.automountServiceAccountToken !== false) yield `${name}: has a token of Kubernetes`;
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[key]) yield `${name}: ${key}`;
    for (const volume of spec.volumes ?? [])
      for (const kind of Object.keys(volume))
        if (kind !== 'name' && !VOLUMES.has(kind)) yield `${name}: volume ${volume.name} is a ${kind}`;
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      const own = container.securityContext ?? {};
      const at = `${name} ${container.name}`;
      if (own.allowPrivilegeEscalation !== false || own.privileged) yield `${at}: may gain privileges`;
      if (own.readOnlyRootFilesystem !== true) yield `${at}: its root can be written to`;
      if (own.capabilities?.drop?.[0] !== 'ALL' || own.capabilities.add) yield `${at}: has capabilities`;
      if (own.runAsUser === 0 || own.runAsNonRoot === false) yield `${at}: runs as root`;
    }
  }
}

function* containersAreBounded(objects) {
  for (const { name, spec } of podsOf(objects))
    for (const { name: container, resources = {}, image } of spec.containers) {
      const at = `${name} ${container}`;
      if (!resources.requests?.cpu || !resources.requests?.memory) yield `${at}: no requests`;
      if (!resources.limits?.memory) yield `${at}: no limit of memory`;
      if (!/(:[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image) || image.endsWith(':latest')) yield `${at}: image ${image}`;
    }
}

function* probesAreDistinct(objects) {
  for (const { name, spec, owner } of podsOf(objects)) {
    if (PASSING.has(owner.kind)) continue;
    for (const { name: container, startupProbe, livenessProbe, readinessProbe } of spec.containers) {
      const probes = [startupProbe, livenessProbe, readinessProbe];
      if (probes.includes(undefined)) yield `${name} ${container}: a probe is missing`;
      if (new Set(probes.map((probe) => JSON.stringify(probe))).size < 3)
        yield `${name} ${container}: two equal probes`;
      if (livenessProbe?.httpGet?.path === '/readyz')
        yield `${name} ${container}: an outage elsewhere would restart it`;
    }
  }
}

function* upgradesDropNobody(objects) {
  const services = byKind(objects, 'Service');
  for (const pod of podsOf(objects).filter(isService)) {
    const { name, owner, spec } = pod;
    const { strategy, minReadySeconds } = owner.spec;
    if (strategy?.rollingUpdate?.maxUnavailable !== 0) yield `${name}: maxUnavailable`;
    if (!(minReadySeconds > 0)) yield `${name}: minReadySeconds`;
    if (!(spec.topologySpreadConstraints?.length > 0)) yield `${name}: not spread`;
    const [container] = spec.containers;
    const env = envOf(container);
    const preStop = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    const stop = secondsOf(env.STARLING_STOP_TIMEOUT);
    if (!(spec.terminationGracePeriodSeconds > preStop + stop))
      yield `${name}: killed after ${spec.terminationGracePeriodSeconds} s, but it may take ${preStop} + ${stop}`;
    if (componentOf(pod) === 'edge') {
      const drain = secondsOf(env.STARLING_EDGE_DRAIN) + secondsOf(env.STARLING_EDGE_STOP_TIMEOUT);
      if (!(stop > drain)) yield `${name}: its hard timer (${stop} s) is within its drain (${drain} s)`;
    }
    if (services.some(({ spec: service }) => matches(service.selector, pod.labels)) && preStop === 0)
      yield `${name}: goes before load balancers know`;
  }
}

const replicasMinOf = (objects, { kind, metadata, spec }) => {
  const scaler = byKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject').find(
    ({ spec: { scaleTargetRef: target } }) => target.kind === kind && target.name === metadata.name,
  );
  return scaler ? (scaler.spec.minReplicas ?? scaler.spec.minReplicaCount) : spec.replicas;
};

function* budgetsLeaveSomebody(objects) {
  const budgets = byKind(objects, 'PodDisruptionBudget');
  for (const pod of podsOf(objects).filter(({ owner }) => !PASSING.has(owner.kind))) {
    const own = budgets.filter(({ spec }) => selects(spec.selector, pod));
    const replicas = replicasMinOf(objects, pod.owner);
    if (own.length > 1) yield `${pod.name}: two budgets`;
    if (replicas > 1 && own.length === 0) yield `${pod.name}: ${replicas} replicas without a budget`;
    if (replicas <= 1 && own.length > 0) yield `${pod.name}: a budget for one replica keeps its node for ever`;
  }
  for (const budget of budgets) {
    if (!(parseInt(budget.spec.maxUnavailable, 10) > 0)) yield `${nameOf(budget)}: nobody may ever be moved`;
    if (!podsOf(objects).some((pod) => selects(budget.spec.selector, pod))) yield `${nameOf(budget)}: for nobody`;
  }
}

function* networkIsClosed(objects, { hasPolicies = true }) {
  const policies = byKind(objects, 'NetworkPolicy');
  if (!hasPolicies) return;
  const pods = podsOf(objects);
  for (const pod of pods) {
    const own = policies.filter(({ spec }) => selects(spec.podSelector, pod));
    if (own.length === 0) yield `${pod.name}: no NetworkPolicy`;
    for (const policy of own) {
      if (policy.spec.policyTypes?.join() !== 'Ingress,Egress') yield `${nameOf(policy)}: not both ways`;
      const named = (policy.spec.ingress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
      for (const port of named)
        if (typeof port === 'string' && !portsOf(pod).has(port))
          yield `${nameOf(policy)}: ${pod.name} has no port ${port}`;
      for (const rule of [...(policy.spec.ingress ?? []), ...(policy.spec.egress ?? [])])
        if (!(rule.ports?.length > 0)) yield `${nameOf(policy)}: a rule for every port`;
    }
  }
  for (const policy of policies) {
    if (!pods.some((pod) => selects(policy.spec.podSelector, pod))) yield `${nameOf(policy)}: for nobody`;
    const peers = [...(policy.spec.ingress ?? []), ...(policy.spec.egress ?? [])].flatMap((r) => r.from ?? r.to ?? []);
    for (const { podSelector, namespaceSelector } of peers) {
      const isOurs = podSelector?.matchLabels?.['app.kubernetes.io/instance'] !== undefined;
      if (isOurs && !namespaceSelector && !pods.some((pod) => selects(podSelector, pod)))
        yield `${nameOf(policy)}: names a pod that is not there`;
    }
  }
}

function* servicesLeadSomewhere(objects) {
  const pods = podsOf(objects);
  for (const service of byKind(objects, 'Service')) {
    const { selector, ports, type, externalTrafficPolicy } = service.spec;
    const targets = pods.filter((pod) => matches(selector, pod.labels));
    if (targets.length !== 1) yield `${nameOf(service)}: leads to ${targets.length} kinds of pods`;
    for (const { targetPort } of ports)
      for (const pod of targets) if (!portsOf(pod).has(targetPort)) yield `${nameOf(service)}: no port ${targetPort}`;
    if (['LoadBalancer', 'NodePort'].includes(type) !== (externalTrafficPolicy !== undefined))
      yield `${nameOf(service)}: externalTrafficPolicy of ${type}`;
  }
  const names = new Map(byKind(objects, 'Service').map((s) => [s.metadata.name, s.spec.ports]));
  const backends = [
    ...byKind(objects, 'HTTPRoute', 'TLSRoute', 'TCPRoute').flatMap((route) =>
      route.spec.rules.flatMap(({ backendRefs }) => backendRefs.map(({ name, port }) => ({ route, name, port }))),
    ),
    ...byKind(objects, 'Ingress').flatMap((route) =>
      route.spec.rules.flatMap(({ http }) =>
        http.paths.map(({ backend: { service } }) => ({ route, name: service.name, port: service.port.name })),
      ),
    ),
  ];
  for (const { route, name, port } of backends)
    if (!names.get(name)?.some((p) => p.port === port || p.name === port))
      yield `${nameOf(route)}: leads to ${name}:${port}, which is not there`;
}

/** Credentials are files of Secrets, each for the service that needs it; nothing secret is in the chart. */
function* secretsAreApart(objects, { isEvaluation = false }) {
  for (const secret of byKind(objects, 'Secret'))
    if (!isEvaluation) yield `${nameOf(secret)}: a Secret of the chart's own`;
  for (const { name, spec, labels } of podsOf(objects)) {
    const component = labels['app.kubernetes.io/component'];
    if (EVALUATION.has(component)) continue;
    for (const container of spec.containers)
      for (const { name: variable, value, valueFrom } of container.env ?? []) {
        if (valueFrom?.secretKeyRef) yield `${name}: ${variable} is a secret in the environment`;
        if (/PASSWORD|SECRET|TOKEN|DATABASE_URL/.test(variable) && !/_FILE$/.test(variable))
          yield `${name}: ${variable}`;
        if (variable.endsWith('_FILE') && !String(value).startsWith('/etc/starling/secrets/'))
          yield `${name}: ${variable}`;
      }
    const files = (spec.volumes ?? []).flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ secret }) => (secret?.items ?? []).map(({ path }) => path)),
    );
    const isDatabaseUser = ['roster', 'archive', 'migrate'].includes(component);
    if (files.includes('database-url') !== isDatabaseUser) yield `${name}: the database is for roster and archive`;
    if (files.includes('archive-id-secret') !== (component === 'edge')) yield `${name}: archive ids are made by edges`;
  }
}

function* mountsExist(objects) {
  const configMaps = new Set(byKind(objects, 'ConfigMap').map(({ metadata }) => metadata.name));
  for (const { name, spec } of podsOf(objects)) {
    const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
    const claims = new Set(spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((m) => m.name)));
    for (const volume of volumes) if (!claims.has(volume)) yield `${name}: volume ${volume} is mounted nowhere`;
    for (const { configMap } of spec.volumes ?? [])
      if (configMap?.name.startsWith('starling-') && !configMaps.has(configMap.name))
        yield `${name}: ${configMap.name}`;
    const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath));
    for (const container of spec.containers)
      for (const value of Object.values(envOf(container)))
        if (String(value).startsWith('/etc/') && !mounts.some((path) => String(value).startsWith(`${path}/`)))
          yield `${name}: ${value} is not mounted`;
  }
}

function* scalersScale(objects) {
  for (const scaler of byKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject')) {
    const { kind, name } = scaler.spec.scaleTargetRef;
    const target = objects.find((o) => o.kind === kind && o.metadata.name === name);
    if (target === undefined) yield `${nameOf(scaler)}: scales nothing`;
    if (target?.spec.replicas !== undefined) yield `${nameOf(scaler)}: an upgrade would undo it`;
  }
}

const hooksOf = ({ metadata }) => metadata.annotations?.['helm.sh/hook']?.split(',') ?? [];

function* jobsEnd(objects) {
  for (const job of byKind(objects, 'Job')) {
    const { backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished, template } = job.spec;
    if (!(backoffLimit >= 0) || !(activeDeadlineSeconds > 0)) yield `${nameOf(job)}: tries for ever`;
    if (!(ttlSecondsAfterFinished >= 0)) yield `${nameOf(job)}: stays for ever`;
    if (template.spec.restartPolicy !== 'Never') yield `${nameOf(job)}: its log goes with each attempt`;
  }
}

/** What comes before the installation finds none of the chart's own objects. */
function* hooksNeedNothingOfTheRelease(objects) {
  const hooks = objects.filter((object) => hooksOf(object).includes('pre-install'));
  const others = objects.filter((object) => !hooks.includes(object));
  const names = (kind) => new Set(byKind(others, kind).map(({ metadata }) => metadata.name));
  const [accounts, maps, secrets] = ['ServiceAccount', 'ConfigMap', 'Secret'].map(names);
  for (const { name, spec } of podsOf(hooks)) {
    if (accounts.has(spec.serviceAccountName)) yield `${name}: its account is not there yet`;
    for (const { configMap, secret, projected } of spec.volumes ?? []) {
      const wanted = [...(projected?.sources ?? []), { configMap, secret }];
      for (const source of wanted) {
        if (maps.has(source.configMap?.name)) yield `${name}: ${source.configMap.name} is not there yet`;
        const of = source.secret?.name ?? source.secret?.secretName;
        if (secrets.has(of)) yield `${name}: ${of} is not there yet`;
      }
    }
  }
  const weightOf = ({ metadata }) => Number(metadata.annotations['helm.sh/hook-weight'] ?? 0);
  const first = Math.min(...byKind(hooks, 'Job').map(weightOf));
  for (const policy of byKind(hooks, 'NetworkPolicy'))
    if (!(weightOf(policy) < first)) yield `${nameOf(policy)}: comes after whom it is for`;
}

/** Services make their tables, or wait for one Job that does. */
function* tablesAreMade(objects) {
  const jobs = byKind(objects, 'Job').filter(({ spec }) => spec.template.spec.containers[0].args.includes('migrate'));
  if (jobs.length > 1) yield 'two Jobs make the tables';
  for (const pod of podsOf(objects).filter(isService)) {
    if (!['roster', 'archive'].includes(componentOf(pod))) continue;
    const who = envOf(pod.spec.containers[0]).STARLING_MIGRATIONS;
    if (who !== (jobs.length > 0 ? 'wait' : 'start')) yield `${pod.name}: its tables are made by ${who}`;
  }
}

function* monitorsSee(objects) {
  for (const monitor of byKind(objects, 'PodMonitor')) {
    const { matchLabels, matchExpressions } = monitor.spec.selector;
    const [{ values }] = matchExpressions;
    for (const pod of podsOf(objects).filter(isService))
      if (!matches(matchLabels, pod.labels) || !values.includes(componentOf(pod))) yield `${pod.name}: not monitored`;
      else if (!portsOf(pod).has(monitor.spec.podMetricsEndpoints[0].port)) yield `${pod.name}: no such port`;
  }
}

export const POLICIES = {
  'objects are named and labelled': objectsAreNamed,
  'pods are restricted': podsAreRestricted,
  'containers are bounded': containersAreBounded,
  'probes are three': probesAreDistinct,
  'upgrades drop nobody': upgradesDropNobody,
  'budgets leave somebody': budgetsLeaveSomebody,
  'the network is closed both ways': networkIsClosed,
  'services lead somewhere': servicesLeadSomewhere,
  'secrets are files of who needs them': secretsAreApart,
  'mounts exist': mountsExist,
  'scalers scale': scalersScale,
  'jobs end': jobsEnd,
  'hooks need nothing of the release': hooksNeedNothingOfTheRelease,
  'tables are made': tablesAreMade,
  'monitors see everybody': monitorsSee,
};
