// The chart, as it is rendered for each feature (helm/starling/ci/rendered): policies, what a feature makes, and what the services think of their
// settings. What needs Helm itself is in helm.mjs, which `npm run test:helm` runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cases, parseObjects, readKept } from './kept.mjs';
import { envOf, POLICIES, podsOf } from './policies.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'starling-chart-'));
after(() => rmSync(folder, { recursive: true }));

const rendered = new Map(cases().map((name) => [name, readKept(name)]));
const objectsOf = (name) => rendered.get(name).objects;
const kindsOf = (name) => new Set(objectsOf(name).map(({ kind }) => kind));
const find = (name, kind, suffix) =>
  objectsOf(name).find((object) => object.kind === kind && object.metadata.name.endsWith(suffix));

for (const [name, { text, objects }] of rendered) {
  describe(`the chart for ${name}`, () => {
    for (const [policy, check] of Object.entries(POLICIES)) {
      it(policy, () => assert.deepEqual([...check(objects, { isEvaluation: name.startsWith('evaluation') })], []));
    }
    it('has no holes', () => assert.doesNotMatch(text, /<no value>|%!|<nil>/));
  });
}

describe('the settings of the services', () => {
  /** What each service says of the environment and the files that its pod would have. */
  function checkConfig({ spec, labels }, configFile) {
    const [container] = spec.containers;
    const at = mkdtempSync(join(folder, 'etc-'));
    const env = Object.fromEntries(
      Object.entries(envOf(container)).map(([key, value]) => [
        key,
        String(value ?? 'starling-pod-0').replace(/^\/etc/, at),
      ]),
    );
    for (const [key, value] of Object.entries(env)) {
      if (!value.startsWith(at)) continue;
      mkdirSync(dirname(value), { recursive: true });
      writeFileSync(value, key === 'STARLING_CONFIG' ? configFile : 'a-secret-of-more-than-16-characters');
    }
    const service = labels['app.kubernetes.io/component'];
    const main = join(root, `services/${service}/dist/main.js`);
    return spawnSync(process.execPath, [main, '--check-config'], {
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    });
  }

  for (const name of ['production', 'evaluation', 'gateway', 'ingress']) {
    it(`are good in ${name}`, () => {
      const objects = objectsOf(name);
      const configFile = find(name, 'ConfigMap', '-config').data['starling.yaml'];
      for (const pod of podsOf(objects).filter(({ owner }) => owner.kind === 'Deployment')) {
        const { status, stderr } = checkConfig(pod, configFile);
        assert.equal(status, 0, `${pod.name}: ${stderr}`);
      }
    });
  }
});

describe('what a feature makes', () => {
  it('a heap that fits into the limit of memory', () => {
    const heaps = { edge: 921, presence: 460, roster: 460, archive: 1843 };
    for (const [component, megabytes] of Object.entries(heaps)) {
      const [{ args }] = find('minimal', 'Deployment', `-${component}`).spec.template.spec.containers;
      const young = component === 'archive' ? 32 : 8;
      assert.deepEqual(args.slice(0, 2), [`--max-semi-space-size=${young}`, `--max-old-space-size=${megabytes}`]);
      assert.equal(args[2], `services/${component}/dist/main.js`);
    }
  });
  it('one drain value, and all that follows', () => {
    const { spec } = find('production', 'Deployment', '-edge').spec.template;
    const env = envOf(spec.containers[0]);
    assert.deepEqual(
      [env.STARLING_EDGE_DRAIN, env.STARLING_STOP_TIMEOUT, spec.terminationGracePeriodSeconds],
      ['120s', '135s', 160],
    );
    const replicas = { edge: 6, presence: 2, roster: 2, archive: 2 };
    for (const [component, expected] of Object.entries(replicas))
      assert.equal(find('production', 'Deployment', `-${component}`).spec.replicas, expected);
  });
  it('each on its own', () => {
    const expected = {
      'autoscaling-hpa': ['HorizontalPodAutoscaler'],
      'autoscaling-keda': ['ScaledObject'],
      gateway: ['HTTPRoute', 'TLSRoute', 'TCPRoute'],
      ingress: ['Ingress', 'Certificate'],
      monitoring: ['PodMonitor'],
      evaluation: ['StatefulSet', 'Secret'],
      'evaluation-migrations': ['StatefulSet', 'Secret', 'Job'],
      migrations: ['Job'],
    };
    const special = [...new Set(Object.values(expected).flat())];
    for (const name of cases()) {
      const found = special.filter((kind) => kindsOf(name).has(kind));
      assert.deepEqual(found, expected[name] ?? [], name);
    }
  });
  it('a Job that makes the tables: before everything, or where the database comes with it, beside', () => {
    const hook = find('migrations', 'Job', '-migrate');
    assert.equal(hook.metadata.annotations['helm.sh/hook'], 'pre-install,pre-upgrade');
    const { spec } = hook.spec.template;
    assert.equal(spec.serviceAccountName, 'default');
    assert.deepEqual(envOf(spec.containers[0]), {
      STARLING_DATABASE_URL_FILE: '/etc/starling/secrets/database-url',
      STARLING_DATABASE_CONNECT_TIMEOUT: '5s',
      STARLING_DATABASE_POOL: '4',
      TZ: 'Europe/Berlin',
    });
    const beside = find('evaluation-migrations', 'Job', '-migrate-1');
    assert.equal(beside.metadata.annotations, undefined);
    const [{ from }] = find('evaluation-migrations', 'NetworkPolicy', '-postgresql').spec.ingress;
    const components = from.map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/component']);
    assert.deepEqual(components, ['roster', 'archive', 'migrate']);
  });
  it('a service is its own, with what the operator set', () => {
    const { spec } = find('proxy-protocol', 'Service', '-c2s');
    assert.equal(spec.externalTrafficPolicy, 'Local');
    assert.equal(spec.loadBalancerClass, 'service.k8s.aws/nlb');
    assert.equal(find('proxy-protocol', 'Service', '-c2s-tls').spec.ports[0].nodePort, 30523);
    const env = envOf(find('proxy-protocol', 'Deployment', '-edge').spec.template.spec.containers[0]);
    assert.equal(env.STARLING_PROXY_PROTOCOL_FROM, '192.0.2.0/24');
    assert.equal(env.STARLING_HOST, '::');
  });
});

describe('the policies', () => {
  /** Breaks one thing of a good render, and says which policy has to see it. */
  const broken = {
    'pods are restricted': (o) => delete deployment(o).template.spec.securityContext.runAsNonRoot,
    'containers are bounded': (o) => delete deployment(o).template.spec.containers[0].resources.limits,
    'probes are three': (o) => delete deployment(o).template.spec.containers[0].startupProbe,
    'upgrades drop nobody': (o) => {
      deployment(o).template.spec.terminationGracePeriodSeconds = 30;
    },
    'budgets leave somebody': (o) => {
      deployment(o).replicas = 1;
    },
    'the network is closed both ways': (o) =>
      o.splice(
        o.findIndex(({ kind }) => kind === 'NetworkPolicy'),
        1,
      ),
    'services lead somewhere': (o) => {
      o.find(({ kind }) => kind === 'Service').spec.ports[0].targetPort = 'x';
    },
    'mounts exist': (o) => deployment(o).template.spec.containers[0].volumeMounts.pop(),
    'secrets are files of who needs them': (o) =>
      deployment(o).template.spec.containers[0].env.push({ name: 'STARLING_ADMIN_TOKEN', value: 'x' }),
    'objects are named and labelled': (o) => o.push(o[0]),
  };
  const brokenJob = {
    'jobs end': (o) => delete job(o).ttlSecondsAfterFinished,
    'hooks need nothing of the release': (o) => {
      job(o).template.spec.serviceAccountName = 'starling';
    },
    'tables are made': (o) => job(o).template.spec.containers[0].args.splice(0),
  };
  const job = (objects) => objects.find(({ kind }) => kind === 'Job').spec;
  for (const [policy, spoil] of Object.entries(brokenJob)) {
    it(`see it when not: ${policy}`, () => {
      const objects = parseObjects(rendered.get('migrations').text);
      spoil(objects);
      assert.notDeepEqual([...POLICIES[policy](objects, {})], []);
    });
  }
  const deployment = (objects) =>
    objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-edge')).spec;
  for (const [policy, spoil] of Object.entries(broken)) {
    it(`see it when not: ${policy}`, () => {
      const objects = parseObjects(rendered.get('minimal').text);
      spoil(objects);
      assert.notDeepEqual([...POLICIES[policy](objects, {})], []);
    });
  }
});
