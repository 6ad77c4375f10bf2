import { findNatsServers } from '@starling/local-servers/nats-server';
import { busConformance } from './conformance/bus.ts';
import { logConformance } from './conformance/log.ts';
import { JetStreamRecordsWorld, JetStreamWorld, NatsWorld } from './conformance/nats-world.ts';
import { recordsConformance } from './conformance/records.ts';

// The newest server and the oldest: the distribution's, and one that can replicate.
const servers = findNatsServers();
const chosen = [servers[0], servers.at(-1)].filter((s, i, all) => s && all.findIndex((x) => x?.path === s.path) === i);
if (chosen.length === 0) throw new Error('no nats-server found: install one, or set STARLING_NATS_SERVER');

for (const binary of chosen) {
  if (binary === undefined) continue;
  const name = `on nats-server ${binary.version.join('.')}`;
  busConformance(name, () => NatsWorld.start(binary));
  busConformance(`${name}, own messages delivered within the process`, () => NatsWorld.start(binary, false));
  logConformance(name, () => JetStreamWorld.start(binary));
  logConformance(`${name}, own messages delivered within the process`, () => JetStreamWorld.start(binary, false));
  recordsConformance(name, () => JetStreamRecordsWorld.start(binary));
  recordsConformance(`of accounts ${name}`, () => JetStreamRecordsWorld.start(binary, 'copies'));
}
