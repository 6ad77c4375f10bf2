import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeCertificate } from './certificate.ts';

const DAY_MS = 86_400_000;

test('a certificate is judged by its time and its names', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-certificate-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder, 'key.pem'),
  ];
  const names = ['-subj', '/CN=x', '-addext', 'subjectAltName=DNS:example.org,DNS:*.example.net'];
  const file = join(folder, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-days', '30', ...key, ...names, '-out', file], { stdio: 'ignore' });
  const certificate = new X509Certificate(readFileSync(file));
  const now = Date.now();
  const judge = (domain: string, daysLater = 0) => judgeCertificate(certificate, domain, now + daysLater * DAY_MS);
  assert.match(judge('example.org').text, /^for example\.org, (29|30) days left$/);
  assert.equal(judge('example.org').verdict, 'ok');
  assert.equal(judge('chat.example.net').verdict, 'ok');
  assert.equal(judge('example.org', 15).verdict, 'warning');
  assert.match(judge('example.org', 31).text, /^expired on /);
  assert.match(judge('example.org', -1).text, /^not valid before /);
  assert.match(judge('other.org').text, /not for other\.org$/);
});
