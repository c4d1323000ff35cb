// What a run of chaos came to, as tables.

import Table from 'cli-table3';
import { quantile } from 'simple-statistics';
import type { ChaosResult } from './chaos.js';

const MIB = 2 ** 20;

export function reportOf(result: ChaosResult): string {
  const { faults, gaps, made, ended, ends, terms, lives, memory, violations, seed } = result;
  const table = new Table({
    head: ['fault', 'times', 'longest gap, ms: p50', 'p90', 'p99', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const [name, times] of [...faults].sort(([a], [b]) => (a < b ? -1 : 1))) {
    table.push([name, times, ...percentiles(gaps.get(name) ?? [])]);
  }
  const total = [...faults.values()].reduce((sum, times) => sum + times, 0);
  table.push(['all', total, ...percentiles([...gaps.values()].flat())]);
  const outcomes = Object.entries(ends)
    .sort(([, a], [, b]) => b - a)
    .map(([end, times]) => `  ${end}: ${times}`);
  return [
    table.toString(),
    `seed ${seed}, ${terms} terms; ${made} calls, ${ended} ended, the others died with their workers`,
    ...outcomes,
    `${lives.lives} real clients of the embedded server, one after the other, but for ${lives.excused} times that a leader stood still, was deposed, and kept its own until it ran again`,
    `the server read the end of a connection up to ${lives.readLateMs.toFixed(1)} ms late, ${lives.misread} times after the begin of the next one`,
    `what the primary held at start, middle and end: ${memory.map(({ held }) => mib(held)).join(', ')}; its RSS, but for free room in V8's heap: ${memory.map(({ resident }) => mib(resident)).join(', ')}`,
    violations.length === 0 ? 'every promise was kept' : `broken, ${violations.length} times:`,
    ...violations.slice(0, 50).map(text => `  ${text}`),
  ].join('\n');
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

function percentiles(gaps: readonly number[]): string[] {
  if (gaps.length === 0) return ['', '', '', ''];
  return [0.5, 0.9, 0.99, 1].map(share => quantile([...gaps], share).toFixed(0));
}
