import { type ConfigSources, type Field, resolveConfig, runtimeConfig, Secret, type Specs } from '@starling/runtime';

/**
 * What child processes get so that they read the same configuration: our environment, and our flags as variables. The YAML file they
 * read themselves.
 * @param ownDefaults keys whose default here is not that of the services
 */
export function environmentForChildren(
  specs: Specs,
  sources: ConfigSources,
  ownDefaults: readonly string[],
): NodeJS.ProcessEnv {
  const all: Specs = { ...specs, runtime: runtimeConfig };
  const { config, origins } = resolveConfig(all, sources);
  const env: NodeJS.ProcessEnv = { ...sources.env };
  for (const [part, spec] of Object.entries(all)) {
    for (const [key, field] of Object.entries(spec.fields)) {
      const origin = origins.get(field.env);
      if (origin !== 'flag' && !(origin === 'default' && ownDefaults.includes(field.env))) continue;
      setKey(env, field.env, textOf(field, config[part]?.[key]));
    }
  }
  return env;
}

/** Sets a key, whatever way it was given before; undefined = not set. */
export function setKey(env: NodeJS.ProcessEnv, name: string, value: string | undefined): void {
  delete env[`${name}_FILE`];
  if (value === undefined) delete env[name];
  else env[name] = value;
}

const textOf = (field: Field<unknown>, value: unknown) =>
  value instanceof Secret ? value.reveal() : field.format(value);
