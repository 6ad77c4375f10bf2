import { features } from '@starling/features';
import type { ConfigSpec } from '@starling/runtime';

/** Where a feature's configuration stands among those of a process: a service may bear the same name. */
export const featureConfigKey = (feature: string): string => `feature-${feature}`;

/** The configuration of every feature. */
export const featureConfigs: Readonly<Record<string, ConfigSpec>> = Object.fromEntries(
  features.map((f) => [featureConfigKey(f.name), f.config]),
);
