import { capacity } from './dashboards/capacity.ts';
import { edge } from './dashboards/edge.ts';
import { logAndArchive } from './dashboards/log-and-archive.ts';
import { nats } from './dashboards/nats.ts';
import { overview } from './dashboards/overview.ts';
import { postgresql } from './dashboards/postgresql.ts';
import { presence } from './dashboards/presence.ts';
import { renderDashboard } from './render.ts';

const DASHBOARDS = [overview, edge, logAndArchive, presence, nats, postgresql, capacity] as const;

/** Path from the root → content of every dashboard. */
export const renderDashboards = (): ReadonlyMap<string, string> =>
  new Map(
    DASHBOARDS.map((dashboard) => [`infra/grafana/dashboards/${dashboard.name}.json`, renderDashboard(dashboard)]),
  );
