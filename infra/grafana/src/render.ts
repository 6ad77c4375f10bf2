import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel as BuiltPanel,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Dashboard, Panel, Query } from './declaration.ts';

const NAMESPACES = 'namespace=~"$namespace"';
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;
/** Of 24. */
const WIDTH = { stat: 4, lines: 8 } as const;
const HEIGHT = { stat: 4, lines: 8 } as const;
const REF_IDS = 'ABCDEFGH';
const COLORS = ['green', 'yellow', 'red'] as const;

/** A dashboard as Grafana imports it. */
export function renderDashboard({ name, title, about, rows }: Dashboard): string {
  const dashboard = new DashboardBuilder(`Starling: ${title}`)
    .uid(`starling-${name}`)
    .description(about)
    .tags(['starling'])
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('namespace')
        .label('Namespace')
        .datasource(DATASOURCE)
        .query('label_values(starling_build_info, namespace)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .includeAll(true)
        .allValue('.*')
        .current({ text: 'All', value: '$__all' })
        .multi(true),
    );
  let id = 0;
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel({ build: () => panelOf(panel, ++id) });
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

function panelOf(panel: Panel, id: number): BuiltPanel {
  const { title, about, unit, queries, stat, max } = panel;
  const builder = stat ? statOf() : linesOf(panel);
  builder.id(id).title(title).description(about).unit(unit).datasource(DATASOURCE).min(0);
  builder.span(stat ? WIDTH.stat : WIDTH.lines).height(stat ? HEIGHT.stat : HEIGHT.lines);
  if (max !== undefined) builder.max(max);
  builder.thresholds(thresholdsOf(panel));
  for (const [index, query] of queries.entries()) builder.withTarget(targetOf(query, REF_IDS.charAt(index)));
  return builder.build();
}

const statOf = () => new StatBuilder().graphMode(BigValueGraphMode.Area);

function linesOf({ stacked }: Panel): TimeseriesBuilder {
  const lines = new TimeseriesBuilder()
    .fillOpacity(stacked ? 30 : 8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    );
  return stacked ? lines.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : lines;
}

function thresholdsOf({ thresholds }: Panel): ThresholdsConfigBuilder {
  const [yellow, red] = thresholds ?? [undefined, undefined];
  const steps = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  if (yellow === undefined || red === undefined) return steps.steps([{ value: null, color: COLORS[0] }]);
  const isFalling = yellow > red;
  const colors = isFalling ? [...COLORS].reverse() : COLORS;
  const values = [null, ...(isFalling ? [red, yellow] : [yellow, red])];
  return steps.steps(values.map((value, i) => ({ value, color: colors[i] ?? COLORS[0] })));
}

const targetOf = ({ expr, legend }: Query, refId: string) =>
  new DataqueryBuilder()
    .refId(refId)
    .expr(expr.replaceAll(/\bNS\b/g, NAMESPACES))
    .legendFormat(legend)
    .datasource(DATASOURCE);
