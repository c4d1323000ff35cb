// A dot for each median with a line from the lowest round to the highest, one row a case.

import type { CustomSeriesOption, CustomSeriesRenderItem, EChartsOption } from 'echarts';
import { digits } from '../support/bench.js';
import type { Spread } from '../support/samples.js';
import { colorOf, LINE, svgOf, TEXT } from './svg.js';

export interface DotPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  readonly rows: readonly string[];
  readonly entries: readonly string[];
  readonly scale: 'log' | 'value';
  readonly spreadOf: (row: number, entry: string) => Spread | undefined;
  /** A mark across the line of an entry. */
  readonly targetOf?: (row: number, entry: string) => number | undefined;
  /** Where the dots of who is compared with would all lie. */
  readonly baseLine?: number;
}

const TOP = 96;
const ENTRY_HEIGHT = 17;
const LABEL_WIDTH = 40;

export function dotPlot(plot: DotPlot): string {
  const rowHeight = ENTRY_HEIGHT * plot.entries.length + 10;
  const option: EChartsOption = {
    legend: {
      top: 58,
      left: 12,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 28,
      icon: 'circle',
      textStyle: { color: TEXT },
    },
    grid: { left: 230, right: 80, top: TOP, bottom: 56 },
    xAxis: {
      type: plot.scale,
      name: plot.axis,
      nameLocation: 'middle',
      nameGap: 32,
      nameTextStyle: { color: TEXT },
      // The ends of a logarithmic axis are no round numbers.
      axisLabel: {
        color: TEXT,
        showMinLabel: plot.scale !== 'log',
        showMaxLabel: plot.scale !== 'log',
        formatter: (value: number) => digits(value),
      },
      splitLine: { lineStyle: { color: LINE } },
      ...(plot.scale === 'log' && boundsOf(plot)),
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...plot.rows],
      axisLabel: { color: TEXT, fontSize: 12 },
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: LINE } },
    },
    series: plot.entries.map((entry, index) => series(plot, entry, index)),
  };
  return svgOf(TOP + 56 + rowHeight * plot.rows.length, plot.title, plot.subtitle, option);
}

/** A factor of room on both sides; whole powers of ten would leave half of the plot empty. */
function boundsOf({ rows, entries, spreadOf, baseLine }: DotPlot): { min: number; max: number } {
  const spreads = rows.flatMap((_, row) => entries.flatMap(entry => spreadOf(row, entry) ?? []));
  const lowest = Math.min(...spreads.map(spread => spread.lowest), baseLine ?? Infinity);
  return { min: lowest / 1.4, max: Math.max(...spreads.map(({ highest }) => highest)) * 1.4 };
}

function series(plot: DotPlot, entry: string, index: number): CustomSeriesOption {
  const color = colorOf(entry);
  const data = plot.rows.flatMap((_, row) => {
    const spread = plot.spreadOf(row, entry);
    if (!spread) return [];
    return [[spread.median, row, spread.lowest, spread.highest, plot.targetOf?.(row, entry) ?? -1]];
  });
  return {
    type: 'custom',
    name: entry,
    color,
    data,
    encode: { x: [0, 2, 3], y: 1 },
    renderItem: renderer(color, (index - (plot.entries.length - 1) / 2) * ENTRY_HEIGHT),
    ...(index === 0 && plot.baseLine !== undefined && { markLine: lineAt(plot.baseLine) }),
  };
}

const lineAt = (value: number): CustomSeriesOption['markLine'] => ({
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: '#6b7280', type: 'solid', width: 1.5 },
  data: [{ xAxis: value }],
});

function renderer(color: string, dy: number): CustomSeriesRenderItem {
  return (_params, api) => {
    const at = (dimension: number) => api.coord([api.value(dimension), api.value(1)])[0]!;
    const y = api.coord([api.value(0), api.value(1)])[1]! + dy;
    const highest = at(3);
    const target = Number(api.value(4)) > 0 ? at(4) : undefined;
    return {
      type: 'group',
      children: [
        line(at(2), highest, y, y, color),
        { type: 'circle', shape: { cx: at(0), cy: y, r: 5 }, style: { fill: color } },
        label(digits(Number(api.value(0))), besideMark(highest, target) + 8, y),
        ...(target === undefined ? [] : [line(target, target, y - 8, y + 8, TEXT)]),
      ],
    };
  };
}

/** No figure is written across a mark. */
const besideMark = (x: number, mark?: number) => (mark !== undefined && mark > x && mark < x + LABEL_WIDTH ? mark : x);

const line = (x1: number, x2: number, y1: number, y2: number, stroke: string) => ({
  type: 'line' as const,
  shape: { x1, x2, y1, y2 },
  style: { stroke, lineWidth: 2 },
});

const label = (text: string, x: number, y: number) => ({
  type: 'text' as const,
  style: { text, x, y, fill: TEXT, fontSize: 11, verticalAlign: 'middle' as const },
});
