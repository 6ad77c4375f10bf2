import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { MetricsRegistry, silentLogger } from '@starling/runtime';
import { edgeMetrics } from '../metrics.ts';
import { parseAddressRanges } from './address-ranges.ts';
import type { ByteChannel } from './byte-channel.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { RenewingIdentity } from './renewing-identity.ts';
import { makeSelfSigned } from './self-signed.ts';
import { openTcpListener } from './tcp.ts';
import { openTlsIdentity } from './tls-context.ts';

const NOT_WITHIN_MS = 8_000;
const folder = await mkdtemp(join(tmpdir(), 'starling-renewing-'));
after(() => rm(folder, { recursive: true }));

const running: RenewingIdentity[] = [];
afterEach(() => {
  for (const identity of running.splice(0)) identity.stop();
});

let generation = 0;
const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];

/** Replaces both files as kubelet does: a new folder, and one link that then leads to it. */
async function mount(files: { readonly cert: string; readonly key: string }): Promise<void> {
  const name = `..${++generation}`;
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'tls.crt'), files.cert);
  await writeFile(join(folder, name, 'tls.key'), files.key);
  await symlink(name, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  if (generation > 1) return;
  for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(folder, file));
}

async function open(intervalMs: number) {
  const metrics = new MetricsRegistry();
  const { certificateReloads: outcomes } = metrics.register(edgeMetrics);
  const log = silentLogger;
  const current = await openTlsIdentity({ cert, key, dataDir: folder, domain: 'example.com', log });
  const identity = new RenewingIdentity(current, { cert, key, intervalMs, outcomes, log });
  running.push(identity);
  return { identity, metrics };
}

describe('a certificate that is renewed', () => {
  it('is shown to the next client, and the one who is there stays', async () => {
    await mount(await makeSelfSigned('example.com'));
    const { identity } = await open(5);
    const before = identity.fingerprint;
    const channels: ByteChannel[] = [];
    const limits = new ConnectionLimits({ connectionsMax: 10, connectionsPerAddressMax: 10 });
    const proxies = { proxies: parseAddressRanges('', ''), headerTimeoutMs: 0 };
    const options = {
      host: '127.0.0.1',
      port: 0,
      sendBufferBytesMax: 1_000,
      limits,
      tls: identity,
      direct: true,
      proxies,
    };
    const listener = await openTcpListener(options, (channel) => channels.push(channel));
    const dial = async (): Promise<TLSSocket> => {
      const socket = connect({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      return socket;
    };
    const first = await dial();
    await mount(await makeSelfSigned('example.com'));
    const deadlineMs = Date.now() + NOT_WITHIN_MS;
    while (identity.fingerprint === before && Date.now() < deadlineMs) await new Promise((r) => setTimeout(r, 2));
    const second = await dial();
    assert.equal(first.getPeerCertificate().fingerprint256, before);
    assert.equal(second.getPeerCertificate().fingerprint256, identity.fingerprint);
    assert.notEqual(identity.fingerprint, before);
    channels[0]?.send(Buffer.from('still here'));
    assert.equal(String((await once(first, 'data'))[0]), 'still here');
    for (const socket of [first, second]) socket.destroy();
    for (const channel of channels) channel.destroy();
    await listener.stop();
  });

  it('is kept while what lies there is no whole one', async () => {
    const [one, other] = [await makeSelfSigned('example.com'), await makeSelfSigned('example.com')];
    await mount(one);
    const { identity, metrics } = await open(0);
    const { fingerprint } = identity;
    await mount({ cert: other.cert, key: one.key });
    await identity.look();
    await rm(join(folder, '..data'));
    await identity.look();
    assert.equal(identity.fingerprint, fingerprint);
    await mount(other);
    await identity.look();
    await identity.look();
    assert.notEqual(identity.fingerprint, fingerprint);
    const text = await metrics.scrape();
    assert.match(text, /certificate_reloads_total\{outcome="failed"\} 2/);
    assert.match(text, /certificate_reloads_total\{outcome="loaded"\} 1/);
  });
});
