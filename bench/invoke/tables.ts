// The tables that are printed at the end.

import Table from 'cli-table3';
import type { Case } from './cases.js';
import { type Ratio, ratio, type Sample, type Summary, summarize } from './summary.js';

const BASE = 'cluster-client';

/** Plain enough to be pasted into a README. */
const STYLE = { head: [], border: [], compact: true };

/** Medians of round trips a second. */
export function throughputTable(
  samples: readonly Sample[],
  cases: readonly Case[],
  entries: readonly string[],
): string {
  const table = new Table({ head: ['round trips a second', ...entries], style: STYLE, colAligns: aligned(entries) });
  for (const { name, title } of cases) {
    table.push([title, ...entries.map(entry => perSecond(summarize(samples, name, entry)))]);
  }
  return table.toString();
}

/** Against cluster-client: the median of the ratios of all rounds, the lowest and highest, and what we want. */
export function ratioTable(samples: readonly Sample[], cases: readonly Case[], entries: readonly string[]): string {
  const others = entries.filter(entry => entry !== BASE);
  if (others.length === entries.length || others.length === 0) return '';
  const head = [`times ${BASE}`, ...others, 'wanted (advanced)'];
  const table = new Table({ head, style: STYLE, colAligns: aligned(head.slice(1)) });
  for (const { name, title, target } of cases) {
    const ratios = others.map(entry => times(ratio(samples, name, entry, BASE)));
    table.push([title, ...ratios, target === undefined ? '' : `${target.toFixed(1)}`]);
  }
  return table.toString();
}

/** Medians of the rounds' p50 and p99. */
export function latencyTable(samples: readonly Sample[], cases: readonly Case[], entries: readonly string[]): string {
  const table = new Table({ head: ['ms: p50 / p99', ...entries], style: STYLE, colAligns: aligned(entries) });
  for (const { name, title } of cases) {
    table.push([title, ...entries.map(entry => latency(summarize(samples, name, entry)))]);
  }
  return table.toString();
}

const aligned = (columns: readonly string[]): ('left' | 'right')[] => ['left', ...columns.map(() => 'right' as const)];

/** Three digits are as many as a run of this length is worth. */
const digits = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 });

export const perSecond = (summary?: Summary) =>
  summary ? `${digits(summary.perSecond)}${summary.altered ? ' *' : ''}` : 'failed';

const times = (found?: Ratio) =>
  found ? `${digits(found.median)} (${digits(found.lowest)} to ${digits(found.highest)})` : '-';

const latency = (summary?: Summary) => (summary ? `${digits(summary.p50Ms)} / ${digits(summary.p99Ms)}` : '-');
