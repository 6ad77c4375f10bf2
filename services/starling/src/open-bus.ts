import { type Bus, type BusConfig, type OpenBusOptions, openBus } from '@starling/bus';
import { CommandError, EXIT } from './exit-codes.ts';

/** openBus, for people. @throws CommandError when no server is there */
export async function openBusOrExplain(config: BusConfig, options: OpenBusOptions): Promise<Bus> {
  try {
    return await openBus(config, options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(EXIT.unavailable, `NATS at ${withoutPasswords(config.natsUrl)} is not there: ${why}`, {
      cause,
    });
  }
}

/** nats://user:password@host → nats://host */
export const withoutPasswords = (urls: string): string => urls.replaceAll(/\/\/[^/@,]*@/g, '//');
