// The tables of bench/README.md: one for calls, values and failovers, one for the size of the cluster.

import { failover } from '../failover.js';
import { fanOut } from '../fan-out.js';
import { idle } from '../idle.js';
import { invoke } from '../invoke.js';
import { scale } from '../scale.js';
import { stream } from '../stream.js';
import { type Bench, type Case, digits, type FigureKind } from './bench.js';
import { load, type Result } from './results.js';
import { ratioOf, spreadOf } from './samples.js';
import { BASE, FLOORS } from './tables.js';

const ROUTES = ['relay', 'direct'] as const;

const MAIN: readonly (readonly [Bench, string])[] = [
  [invoke, 'round trips a second'],
  [fanOut, 'values a second'],
  [failover, 'ms to the first call'],
];

/** Nothing where a folder has no results. */
export async function pageTables(folder: string): Promise<string[]> {
  const main: string[] = [];
  let of: Result | undefined;
  for (const [bench, unit] of MAIN) {
    const result = await load(folder, bench.name);
    of ??= result;
    if (result) main.push(...bench.cases.map(what => rowOf(result, bench, what, unit)));
  }
  if (!of) return [];
  const head = [
    '',
    BASE,
    ...ROUTES,
    ...ROUTES.map(route => `${route} / ${BASE}`),
    ...ROUTES.map(route => `${route} / its floor`),
  ];
  const cost = await costTable(folder);
  return [introduction(of), [...headOf(head), ...main].join('\n'), ...(await streamTable(folder)), ...cost];
}

const introduction = ({ node, cores, cpu, date, rounds, command }: Result) =>
  `Node ${node}, ${cores} cores (${cpu}), ${date.slice(0, 10)}, \`${command}\`; medians of ${rounds} rounds or more, ratios taken within each round:`;

function rowOf({ samples }: Result, { figures }: Bench, { name, title }: Case, unit: string): string {
  const figure = (figures[0] as FigureKind).name;
  const values = [BASE, ...ROUTES].map(entry => digits(spreadOf(samples, name, entry, figure)?.median));
  const toBase = ROUTES.map(route => digits(ratioOf(samples, name, route, BASE, figure)?.median));
  const toFloor = ROUTES.map(route => digits(ratioOf(samples, name, route, FLOORS[route], figure)?.median));
  return row([`${title}, ${unit}`, ...values, ...toBase, ...toFloor]);
}

/** A stream beside one call for each item, and beside a bare socket. */
async function streamTable(folder: string): Promise<string[]> {
  const result = await load(folder, stream.name);
  if (!result) return [];
  const { samples } = result;
  const pairs = [...ROUTES.map(route => [route, `${route} by calls`] as const), ['direct', FLOORS.direct] as const];
  const rows = stream.cases.map(({ name, title }) =>
    row([
      `${title}, items a second`,
      ...ROUTES.map(route => digits(spreadOf(samples, name, route, 'perSecond')?.median)),
      ...pairs.map(([route, other]) => digits(ratioOf(samples, name, route, other, 'perSecond')?.median)),
    ]),
  );
  const head = ['a stream', ...ROUTES, ...ROUTES.map(route => `${route} / one call an item`), 'direct / bare socket'];
  return [[...headOf(head), ...rows].join('\n')];
}

/** What a call costs in a cluster of each size, and what it costs to do nothing. */
async function costTable(folder: string): Promise<string[]> {
  const sizes = await load(folder, scale.name);
  const nothing = await load(folder, idle.name);
  if (!sizes || !nothing) return [];
  const entries = [BASE, ...ROUTES];
  const of = ({ samples }: Result, name: string, figure: string) =>
    entries.map(entry => digits(spreadOf(samples, name, entry, figure)?.median));
  const rows = [
    ...scale.cases.map(({ name, title }) => row([`CPU µs a call, ${title}`, ...of(sizes, name, 'cpuUs')])),
    ...scale.cases.map(({ name, title }) => row([`of it the primary's, ${title}`, ...of(sizes, name, 'primaryCpuUs')])),
    row(['MB of memory a follower, 8 workers', ...of(sizes, '8', 'rssMB')]),
    ...idle.figures.map(({ name, title }) => row([`idle, 8 workers: ${title}`, ...of(nothing, '8', name)])),
  ];
  return [[...headOf(['', ...entries]), ...rows].join('\n')];
}

const headOf = (head: readonly string[]) => [
  row(head),
  `|${head.map((_, n) => (n === 0 ? '---|' : '---:|')).join('')}`,
];

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
