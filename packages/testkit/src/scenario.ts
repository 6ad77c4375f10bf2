import { after, test } from 'node:test';
import type { Endpoint } from './channel.ts';
import type { ReadyLine } from './ready-line.ts';
import { Scene } from './scene.ts';
import { OwnWorld, startWorld, WORLDS_VARIABLE, World, type WorldKind } from './world.ts';

/** On which worlds a scenario runs. */
export interface ScenarioOptions {
  /**
   * Numbers of edges. One is the embedded mode and, on NATS and PostgreSQL, a cluster; beside three edges that cluster of one shows what one of both
   * shows, and runs only when every world is asked for (`npm test -- --every-world`).
   */
  readonly edges: readonly (1 | 3)[];
  /** Default: TCP with STARTTLS, and WebSocket. */
  readonly transports?: readonly Endpoint['transport'][];
  /** Default: both. */
  readonly modes?: readonly ('embedded' | 'cluster')[];
  /** The scenario kills or stops parts: it gets a system of its own. */
  readonly ownWorld?: boolean;
  /** Other than the default ones: of a world of its own, else of one that all runs of the file with the same settings share. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Set by scripts/test.mjs. */
const EVERY_WORLD = 'EVERY_WORLD';
const SCENARIO_TIMEOUT_MS = 60_000;

type Settings = NonNullable<ScenarioOptions['settings']>;

const DEFAULT_SETTINGS: Settings = {};

// One system per kind and settings for all scenarios of a file; with the default ones when scripts/test.mjs has not started them for all files.
const ownWorlds = new Map<string, Promise<OwnWorld>>();

function sharedWorld(kind: WorldKind, settings: Settings): Promise<World> {
  const started = JSON.parse(process.env[WORLDS_VARIABLE] ?? '{}') as Partial<Record<WorldKind, ReadyLine>>;
  const ready = settings === DEFAULT_SETTINGS ? started[kind] : undefined;
  if (ready) return Promise.resolve(new World(kind, ready));
  const key = `${kind} ${JSON.stringify(settings)}`;
  const world = ownWorlds.get(key) ?? startWorld(kind, { settings });
  ownWorlds.set(key, world);
  return world;
}

let stopsWorlds = false;
function stopWorldsAfterwards(): void {
  if (stopsWorlds) return;
  stopsWorlds = true;
  after(async () => {
    await Promise.all([...ownWorlds.values()].map(async (world) => (await world).stop()));
  });
}

function kindsOf({ edges, modes = ['embedded', 'cluster'] }: ScenarioOptions): readonly WorldKind[] {
  const isEmbedded = modes.includes('embedded') && edges.includes(1);
  const isShown = isEmbedded && edges.includes(3) && process.env[EVERY_WORLD] === undefined;
  const wanted = isShown ? edges.filter((n) => n !== 1) : edges;
  const clusters = modes.includes('cluster') ? wanted.map((n) => `cluster-${n}` as const) : [];
  return isEmbedded ? ['embedded', ...clusters] : clusters;
}

/** Registers a test for every combination of world and transport; `play` fails the scenario by throwing. */
export function scenario(title: string, options: ScenarioOptions, play: (scene: Scene) => Promise<void>): void {
  stopWorldsAfterwards();
  for (const kind of kindsOf(options)) {
    for (const transport of options.transports ?? ['tcp', 'ws']) {
      test(`${title} [${kind}, ${transport}]`, { timeout: options.timeoutMs ?? SCENARIO_TIMEOUT_MS }, async () => {
        const { settings = DEFAULT_SETTINGS } = options;
        const world = await (options.ownWorld ? startWorld(kind, { settings }) : sharedWorld(kind, settings));
        const scene = new Scene(world, transport);
        try {
          await play(scene);
          scene.check();
        } finally {
          await scene.end();
          if (options.ownWorld && world instanceof OwnWorld) await world.stop();
        }
      });
    }
  }
}
