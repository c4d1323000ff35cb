// Small plots beside each other: lines over the size of a cluster, or one bar a contestant.

import type { EChartsOption, SeriesOption } from 'echarts';
import { digits } from '../support/bench.js';
import { colorOf, LINE, svgOf, TEXT } from './svg.js';

export interface Panel {
  readonly title: string;
  /** For each entry one value a category. */
  readonly valuesOf: (entry: string) => readonly (number | undefined)[];
}

export interface PanelPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly entries: readonly string[];
  readonly categories: readonly string[];
  readonly categoriesName: string;
  readonly panels: readonly Panel[];
}

const TOP = 122;
const PANEL_HEIGHT = 230;
const LEFT = 64;
const GAP = 64;
const WIDTH = 860;

export function linePanels(plot: PanelPlot): string {
  const drawn = plot.entries.flatMap(entry =>
    plot.panels.map(
      (panel, n): SeriesOption => ({
        type: 'line',
        name: entry,
        xAxisIndex: n,
        yAxisIndex: n,
        symbol: 'circle',
        symbolSize: 7,
        lineStyle: { width: 2.5 },
        color: colorOf(entry),
        data: panel.valuesOf(entry).map(value => value ?? null),
      }),
    ),
  );
  return panels(plot, plot.categories, plot.categoriesName, drawn);
}

/** The entries are the categories. */
export function barPanels(plot: Omit<PanelPlot, 'categories' | 'categoriesName'>): string {
  const drawn = plot.panels.map(
    (panel, n): SeriesOption => ({
      type: 'bar',
      xAxisIndex: n,
      yAxisIndex: n,
      barWidth: '55%',
      label: { show: true, position: 'top', color: TEXT, formatter: ({ value }) => digits(Number(value)) },
      data: plot.entries.map(entry => ({
        value: panel.valuesOf(entry)[0] ?? 0,
        itemStyle: { color: colorOf(entry) },
      })),
    }),
  );
  return panels({ ...plot, categories: plot.entries, categoriesName: '' }, plot.entries, '', drawn);
}

function panels(plot: PanelPlot, categories: readonly string[], name: string, series: SeriesOption[]): string {
  const width = (WIDTH - LEFT - 24 - GAP * (plot.panels.length - 1)) / plot.panels.length;
  const left = (n: number) => LEFT + n * (width + GAP);
  const hasLegend = series.some(({ type }) => type === 'line');
  const option: EChartsOption = {
    title: plot.panels.map((panel, n) => ({
      text: panel.title,
      left: left(n) - 44,
      top: TOP - 32,
      textStyle: { fontSize: 12, fontWeight: 'bold', color: TEXT },
    })),
    ...(hasLegend && {
      legend: {
        top: 58,
        left: 12,
        itemWidth: 18,
        itemHeight: 10,
        itemGap: 28,
        textStyle: { color: TEXT },
        data: [...plot.entries],
      },
    }),
    grid: plot.panels.map((_, n) => ({ left: left(n), width, top: TOP, height: PANEL_HEIGHT })),
    xAxis: plot.panels.map((_, n) => ({
      type: 'category',
      gridIndex: n,
      data: [...categories],
      name,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: TEXT },
      axisLabel: { color: TEXT, interval: 0, fontSize: 11 },
      axisTick: { show: false },
    })),
    yAxis: plot.panels.map((_, n) => ({
      type: 'value',
      gridIndex: n,
      min: 0,
      axisLabel: { color: TEXT, formatter: (value: number) => short(value) },
      splitLine: { lineStyle: { color: LINE } },
    })),
    series,
  };
  return svgOf(TOP + PANEL_HEIGHT + 60, plot.title, plot.subtitle, option);
}

const short = (value: number) => (value >= 10_000 ? `${digits(value / 1000)}k` : digits(value));
