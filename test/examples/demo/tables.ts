// The final tables, and what their words mean.

import Table from 'cli-table3';
import type { HalfResult } from './half.js';

/** No colours: it is as readable in a file. */
const STYLE = { head: [], border: [], compact: true };

export function resultTable(halves: readonly HalfResult[]): string {
  const table = new Table({
    head: ['', ...halves.map(({ shared }) => (shared ? 'shared' : 'without sharing'))],
    colAligns: ['left', ...halves.map(() => 'right' as const)],
    style: STYLE,
  });
  for (const [title, cell] of ROWS) table.push([title, ...halves.map(cell)]);
  return table.toString();
}

export function termTable(halves: readonly HalfResult[]): string {
  const table = new Table({
    head: ['term', 'leader', 'pid', 'after the kill', 'ended'],
    colAligns: ['right', 'right', 'right', 'right', 'left'],
    style: STYLE,
  });
  for (const { term, workerId, pid, replacedInMs, end } of halves.flatMap(({ terms }) => terms)) {
    table.push([
      term,
      `worker ${workerId}`,
      pid,
      replacedInMs === undefined ? '' : ms(replacedInMs),
      end ?? 'with the demo',
    ]);
  }
  return table.toString();
}

export const NOTES = `retried: made in one term and answered in a later one. Calls wait while there is no leader; get() is marked
idempotent, so that one in the hands of a killed leader is sent to the next. failed: incr() in such hands; it may have run.
longest gap: between two calls of one worker that succeeded. updates missed: holes in the numbers that the upstream gave.
What a killed worker did since its last report, at most 100 ms, is in nobody's count.`;

const number = (value: number) => value.toLocaleString('en');
const ms = (value: number) => `${value.toFixed(1)} ms`;

const ROWS: readonly [title: string, cell: (half: HalfResult) => string][] = [
  ['workers', half => number(half.workers)],
  ['connections seen by the upstream', half => number(half.connections.live)],
  ['  most at one time', half => number(half.connections.highest)],
  ['  in all', half => number(half.connections.total)],
  ['leaders killed', half => (half.shared ? number(half.killed) : '-')],
  ['calls made', half => number(half.made)],
  ['  failed', half => `${errors(half)}${number(half.failed)}`],
  ['  retried', half => (half.shared ? number(half.retried) : '-')],
  ['  longest gap', half => ms(half.longestGapMs)],
  ['  incr() that ran twice', half => (half.ran ? number(half.ran.twice) : '-')],
  ['  ran for an old term', half => (half.ran && half.shared ? number(half.ran.stale) : '-')],
  ['publications', half => number(half.published)],
  ['  failed', half => number(half.publishFailed)],
  ['updates received', half => number(half.received)],
  ['  missed', half => number(half.missed)],
];

function errors({ errors }: HalfResult): string {
  const codes = Object.keys(errors);
  return codes.length === 0 ? '' : `${codes.join(', ')}: `;
}
