import { type BusConfig, inspectNats, NatsBus, type NatsFacts, openBus } from '@starling/bus';
import { withoutPasswords } from '../open-bus.ts';
import { type Look, messageOf } from './finding.ts';

const TIMEOUT_MS = 3_000;

export async function lookAtNats(config: BusConfig): Promise<Look<NatsFacts>> {
  if (config.natsUrl === '') return 'none';
  const soon = { ...config, natsConnectTimeoutMs: Math.min(config.natsConnectTimeoutMs, TIMEOUT_MS) };
  try {
    const bus = await openBus(soon, { name: 'check' });
    try {
      return bus instanceof NatsBus ? { facts: await inspectNats(bus, config) } : 'none';
    } finally {
      await bus.close();
    }
  } catch (error) {
    // Policy: what the client says is the finding.
    return { error: `${withoutPasswords(config.natsUrl)}: ${messageOf(error)}` };
  }
}
