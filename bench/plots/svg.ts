// The one door to the plotting library, and what all plots have in common.

import * as echarts from 'echarts';

const WIDTH = 860;

/** One colour a contestant in all plots; what an entry is on the other serialization looks the same. */
const COLORS: Readonly<Record<string, string>> = {
  'cluster-client': '#6b7280',
  relay: '#2563eb',
  direct: '#d9480f',
  'relay floor': '#93c5fd',
  'direct floor': '#fdba74',
  compat: '#0d9488',
  'bare cluster': '#c4c8cf',
};

export const colorOf = (entry: string): string => COLORS[entry.replace(' (json)', '')] ?? '#000';

export const TEXT = '#1f2937';
export const LINE = '#d5d9e0';

/** Text for readers, and white behind it: a page may be dark. */
const BASE: echarts.EChartsOption = {
  animation: false,
  backgroundColor: '#ffffff',
  textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', color: TEXT },
};

/** Without a browser. */
export function svgOf(height: number, title: string, subtitle: string, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    ...BASE,
    ...option,
    title: [
      {
        text: title,
        subtext: subtitle,
        left: 16,
        top: 10,
        itemGap: 6,
        textStyle: { fontSize: 16, color: TEXT },
        subtextStyle: { fontSize: 12, color: '#57606a' },
      },
      ...[option.title ?? []].flat(),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
