import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../own-world.ts';
import { UsageError } from '../usage-error.ts';

const PROJECT = fileURLToPath(new URL('../../smack/', import.meta.url));
const JAVA_MIN = 17;

/** @throws UsageError with one line that says what to install */
function checkPrograms(): void {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? 0);
  const missing = [];
  if (version < JAVA_MIN || spawnSync('javac', ['-version']).status !== 0) missing.push('openjdk-17-jdk-headless');
  if (spawnSync('mvn', ['--version']).status !== 0) missing.push('maven');
  if (missing.length > 0)
    throw new UsageError(`please install: ${missing.join(', ')} (the names of Debian's packages; JDK 17 or newer)`);
}

/**
 * Compiles the Maven project; what it needs comes from Maven Central. Returns the class path.
 * @throws UsageError when Java or Maven is missing, Error with Maven's output when it fails
 */
export function compile(): string {
  checkPrograms();
  const output = join(CACHE, 'interop-smack', 'target');
  mkdirSync(output, { recursive: true });
  const file = join(output, 'classpath');
  const maven = spawnSync(
    'mvn',
    ['-q', '-B', `-Doutput=${output}`, 'compile', 'dependency:build-classpath', `-Dmdep.outputFile=${file}`],
    { cwd: PROJECT, encoding: 'utf8' },
  );
  if (maven.status !== 0) throw new Error(`mvn failed\n${maven.stdout}${maven.stderr}`);
  return [join(output, 'classes'), readFileSync(file, 'utf8').trim()].join(delimiter);
}

/** A password must be, though nothing in it is secret. */
const STORE_PASSWORD = 'starling';

/** What lets a JVM trust the certificate that a system keeps in its data folder, and no other. Returns its arguments. */
export function trust(dataDir: string): readonly string[] {
  const store = join(dataDir, 'trust.p12');
  // Made anew for each run: keytool adds to what is there.
  rmSync(store, { force: true });
  const certificate = new X509Certificate(readFileSync(join(dataDir, 'tls', 'self-signed.pem')));
  const options = ['-alias', 'starling', '-keystore', store, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD];
  execFileSync('keytool', ['-importcert', '-noprompt', ...options], { input: certificate.toString(), stdio: 'pipe' });
  return [`-Djavax.net.ssl.trustStore=${store}`, `-Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`];
}
