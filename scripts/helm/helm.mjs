// What only Helm itself can show of the chart: two renders are the same, the kept ones are fresh, what is off is off, and what is refused.
// `npm run test:helm` runs it; `npm test` does not, since Helm takes minutes to build.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cases, keptFileOf, keptTextOf } from './kept.mjs';
import { render, template } from './render.mjs';

describe('a render', () => {
  for (const name of cases()) {
    it(`of ${name} is the same again, and the one that is kept`, () => {
      const { text } = render({ name });
      assert.ok(render({ name }).text === text, 'two renders differ');
      assert.equal(readFileSync(keptFileOf(name), 'utf8'), keptTextOf(name, text), 'run npm run test:helm -- --keep');
    });
  }
  it('names stay within their bounds, whatever the release is called', () => {
    const release = `a-very.long-release-${'x'.repeat(33)}`;
    for (const object of render({ name: 'evaluation', release }).objects)
      assert.match(object.metadata.name, /^[a-z0-9][-a-z0-9]{0,62}$/);
  });
  it('has what is on, and nothing that is off', () => {
    const kinds = (...sets) => new Set(render({ name: 'minimal', sets }).objects.map(({ kind }) => kind));
    assert.ok(!kinds('networkPolicy.enabled=false').has('NetworkPolicy'));
    assert.ok(!kinds('serviceAccount.create=false').has('ServiceAccount'));
    assert.ok(!kinds('tests.enabled=false').has('Pod'));
    assert.ok(
      !kinds(
        'edge.podDisruptionBudget.enabled=false',
        'edge.replicas=1',
        'presence.replicas=1',
        'roster.replicas=1',
        'archive.replicas=1',
      ).has('PodDisruptionBudget'),
    );
  });
});

describe('alerts', () => {
  const runbooksOf = (sets) =>
    render({ name: 'monitoring', sets })
      .objects.filter(({ kind }) => kind === 'PrometheusRule')
      .flatMap(({ spec }) => spec.groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert)))
      .map(({ alert, annotations }) => [alert, annotations.runbook_url]);
  for (const [page, sets] of [
    ['docs/runbooks.md', []],
    ['https://wiki.example.com/starling', ['monitoring.prometheusRule.runbookUrl=https://wiki.example.com/starling']],
  ])
    it(`lead to their sections of ${page}`, () => {
      const runbooks = runbooksOf(sets);
      assert.ok(runbooks.length > 0);
      for (const [alert, url] of runbooks) assert.equal(url, `${page}#${alert.toLowerCase()}`);
    });
});

describe('what the chart refuses', () => {
  const refused = {
    'no values at all': [
      undefined,
      [],
      /domain: the XMPP domain is missing[\s\S]*nats\.url[\s\S]*postgresql[\s\S]*archiveIdSecret[\s\S]*tls: exactly one/,
    ],
    'an unknown value': ['minimal', ['edge.replica=3'], /replica/],
    'an unknown section': ['minimal', ['edges.replicas=3'], /edges/],
    'an unknown key of config': ['minimal', ['config.resume_windw=1m'], /resume_windw/],
    'a key that the chart decides': ['minimal', ['config.c2s_port=5333'], /c2s_port/],
    'a secret in config': ['minimal', ['config.nats_password=x'], /nats_password/],
    'a duration without a unit': ['minimal', ['config.resume_window=240'], /resume_window/],
    'a number out of bounds': ['minimal', ['config.log_streams=1000'], /log_streams/],
    'a word that is no choice': ['minimal', ['config.registration=maybe'], /registration/],
    'no replicas': ['minimal', ['edge.replicas=0'], /replicas/],
    'a port that is none': ['minimal', ['service.c2s.port=70000'], /port/],
    'a password in the URL': ['minimal', ['nats.url=nats://edge:secret@nats:4222'], /url/],
    'a key of docs/config.md as a variable': [
      'minimal',
      ['common.extraEnv.STARLING_DOMAIN=x'],
      /STARLING_DOMAIN|extraEnv/,
    ],
    'two certificates': ['minimal', ['tls.selfSigned=true'], /exactly one of/],
    'an issuer without a name': ['minimal', ['tls.existingSecret=', 'tls.certManager.enabled=true'], /issuerRef\.name/],
    'an evaluation without a seed': ['evaluation', ['evaluation.seed='], /evaluation\.seed/],
    'an evaluation with servers': ['evaluation', ['nats.url=nats://nats:4222'], /brings its own servers/],
    'an evaluation with three replicas': ['evaluation', ['config.log_replicas=3'], /one NATS server/],
    'a route without a gateway': ['minimal', ['gateway.tcpRoute.enabled=true'], /tcpRoute\.parentRefs/],
    'a route to a service that is off': ['gateway', ['service.c2sTls.enabled=false'], /leads to service\.c2sTls/],
    'fewer than the least': ['autoscaling-hpa', ['edge.autoscaling.maxReplicas=2'], /minReplicas is above maxReplicas/],
    'more connections than an edge takes': [
      'autoscaling-hpa',
      ['edge.autoscaling.connectionsPerPod=20000'],
      /connections_max/,
    ],
    'KEDA without Prometheus': ['autoscaling-keda', ['edge.autoscaling.keda.prometheusAddress='], /prometheusAddress/],
    'an ingress without a certificate': ['evaluation', ['ingress.enabled=true'], /ingress\.tls\.secretName/],
    'a way to migrate that is none': ['minimal', ['migrations.mode=later'], /mode/],
    'who migrates as a key': ['minimal', ['config.migrations=wait'], /migrations/],
    'a page of runbooks with a section': [
      'monitoring',
      ['monitoring.prometheusRule.runbookUrl=https://x/#y'],
      /runbookUrl/,
    ],
    'an image without a name': ['minimal', ['image.repository='], /repository/],
    'a digest that is none': ['minimal', ['image.digest=sha256:abc'], /digest/],
  };
  for (const [what, [name, sets, message]] of Object.entries(refused)) {
    it(what, () => {
      const { code, error } = template({ name, sets });
      assert.notEqual(code, 0);
      assert.match(error, message);
    });
  }
  it('and what is allowed is allowed', () => {
    for (const sets of [
      ['config.log_replicas=3'],
      ['config.stanza_bytes_max=262144'],
      ['config.ping_interval=0'],
      ['global.x=1'],
    ])
      assert.equal(template({ name: 'minimal', sets }).code, 0, sets.join());
  });
});
