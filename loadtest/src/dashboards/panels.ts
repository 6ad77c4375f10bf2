import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../infra/grafana/dashboards/', import.meta.url));

export interface PanelQuery {
  readonly expr: string;
  readonly legend: string;
}

export interface DashboardPanel {
  readonly dashboard: string;
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly PanelQuery[];
}

interface DashboardJson {
  readonly title: string;
  readonly panels: readonly {
    readonly type: string;
    readonly title?: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
    readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  }[];
}

/** Every panel of every dashboard that is kept, as Grafana would ask for it. */
export function panelsOfAll(rateInterval: string): readonly DashboardPanel[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as DashboardJson;
    return panels
      .filter(({ type }) => type !== 'row')
      .map(({ title = '', targets = [], fieldConfig }) => ({
        dashboard: file.replace(/\.json$/, ''),
        title,
        unit: fieldConfig?.defaults?.unit ?? 'short',
        queries: targets.map(({ expr, legendFormat = '' }) => ({
          expr: withoutVariables(expr, rateInterval),
          legend: legendFormat,
        })),
      }));
  });
}

/** As Grafana replaces them when all namespaces are chosen. */
export const withoutVariables = (expr: string, rateInterval: string): string =>
  expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$namespace', '.*');
