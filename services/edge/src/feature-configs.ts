import { features } from '@starling/features';
import type { ConfigSpec } from '@starling/runtime';

/** The configuration of every feature, by the feature's name. */
export const featureConfigs: Readonly<Record<string, ConfigSpec>> = Object.fromEntries(
  features.map((f) => [f.name, f.config]),
);
