// A member in a process of its own, which a test may stop and kill: node member-process.js <nats url> <id>. At each heartbeat that it hears
// it acts, if it may: it says who it is on its own subject.
import { busConfig, openBus, openRecords } from '@starling/bus';
import { groups, subjects } from '@starling/contracts';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { ownersConfig } from '../config.ts';
import { joinGroup } from '../join-group.ts';
import { FAST } from './fast.ts';

const [url = '', id = ''] = process.argv.slice(2);
const env = { STARLING_NATS_URL: url, ...FAST };
const config = loadConfig({ bus: busConfig, owners: ownersConfig }, { env, args: [] });
const bus = await openBus(config.bus);
const records = await openRecords(config.bus, bus);
const membership = await joinGroup({
  bus,
  records,
  group: groups.presence,
  id,
  config: config.owners,
  logger: silentLogger,
  metrics: new MetricsRegistry(),
});
bus.subscribe(subjects.heartbeat(groups.presence), () => {
  if (membership.mayAct()) bus.publish(subjects.node(id), Buffer.from(membership.incarnation));
});
process.once('SIGTERM', async () => {
  await membership.close();
  await records.close();
  await bus.close();
});
