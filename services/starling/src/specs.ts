import { archiveConfig } from '@starling/archive';
import { busConfig } from '@starling/bus';
import { dbConfig, schemaConfig } from '@starling/db';
import { edgeConfig, featureConfigs } from '@starling/edge';
import { ownersConfig } from '@starling/owners';
import { presenceConfig } from '@starling/presence';
import { rosterConfig } from '@starling/roster';
import { type ConfigSources, type ConfigSpec, configSpec, type Specs } from '@starling/runtime';
import { traceConfig } from '@starling/trace';
import { localConfig } from './config.ts';

/** Whoever tries it out on one machine wants accounts; the chart has it closed. */
const HERE = { STARLING_REGISTRATION: 'open' };
// One process writes to one connection: one stream makes one transaction of what eight would make eight of (ADR 6).
const EMBEDDED = { ...HERE, STARLING_LOG_STREAMS: '1' };
const CLUSTER = { ...HERE, STARLING_DATA_DIR: './data/cluster' };

const specs = {
  edge: edgeConfig,
  bus: busConfig,
  db: dbConfig,
  owners: ownersConfig,
  roster: rosterConfig,
  presence: presenceConfig,
  archive: archiveConfig,
  trace: traceConfig,
  ...featureConfigs,
};

/** All keys of the embedded mode. */
export const embeddedSpecs = withDefaults(specs, EMBEDDED);
export type EmbeddedSpecs = typeof embeddedSpecs;

/** All keys of a cluster on one machine, those of its processes included. */
export const clusterSpecs = withDefaults({ ...specs, local: localConfig }, CLUSTER);

/** What `starling migrate` needs: the database. */
export const migrateSpecs = { db: dbConfig };

/** The sources of `starling migrate`: the file and the environment may be those of a whole cluster. */
export const migrateSources = (args: readonly string[]): ConfigSources => ({
  ...ownSources(args),
  known: [...Object.values(embeddedSpecs), localConfig, schemaConfig],
});

/** Where the command reads its configuration; whoever sets a key of the local cluster, or of its services, for everything makes no mistake. */
export const ownSources = (args: readonly string[]): ConfigSources => ({
  env: process.env,
  args,
  known: [localConfig, schemaConfig],
});

/** The same keys with other defaults, by the name of the variable. */
export function withDefaults<const S extends Specs>(of: S, defaults: Readonly<Record<string, string>>): S {
  const changed = Object.entries(of).map(([part, spec]) => [part, changeSpec(spec, defaults)] as const);
  // The one cast: fromEntries forgets the names; every spec is still under its own, with the same keys.
  return Object.fromEntries(changed) as unknown as S;
}

function changeSpec({ fields }: ConfigSpec, defaults: Readonly<Record<string, string>>): ConfigSpec {
  const changed = Object.entries(fields).map(([key, field]) => {
    const fallback = defaults[field.env];
    return [key, fallback === undefined ? field : { ...field, fallback }] as const;
  });
  return configSpec(Object.fromEntries(changed));
}
