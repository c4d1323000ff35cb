// The tables that are printed at the end of a bench.

import Table from 'cli-table3';
import { entryName } from '../contestants/load.js';
import { type BenchRun, type Case, digits, type FigureKind } from './bench.js';
import { failureOf, ratioOf, type Sample, type Spread, spreadOf } from './samples.js';

export const BASE = 'cluster-client';

/** What each route could reach at best. */
export const FLOORS = { relay: 'relay floor', direct: 'direct floor' } as const;

/** What an entry is set beside. */
const BESIDE: readonly (readonly [string, string])[] = [
  ['relay', 'relay by calls'],
  ['direct', 'direct by calls'],
  ...Object.entries(FLOORS),
];

/** Plain enough to be pasted into a page. */
const STYLE = { head: [], border: [], compact: true };

export function printTables(samples: readonly Sample[], run: BenchRun): void {
  const tables = [...run.bench.figures.map(figure => figureTable(samples, run, figure)), ratioTable(samples, run)];
  console.log(`\n${tables.filter(Boolean).join('\n\n')}\n`);
  for (const failure of failuresOf(samples, run)) console.log(failure);
}

/** Medians, and where asked for the highest. */
function figureTable(samples: readonly Sample[], { cases, entries }: BenchRun, figure: FigureKind): string {
  const names = entries.map(entryName);
  const rows = cases.map(({ name, title }) => [
    title,
    ...names.map(entry => shown(spreadOf(samples, name, entry, figure.name), figure)),
  ]);
  return tableOf([figure.title, ...names], rows);
}

const shown = (spread: Spread | undefined, { withHighest }: FigureKind) =>
  spread && withHighest ? `${digits(spread.median)} (max ${digits(spread.highest)})` : digits(spread?.median);

/** The median of the ratios of all rounds, with the lowest and highest; beside it what is wanted; and to what stands in {@link BESIDE}. */
function ratioTable(samples: readonly Sample[], { bench, cases, entries }: BenchRun): string {
  const names = entries.map(entryName);
  const chief = bench.figures[0]!;
  const others = names.includes(BASE) ? names.filter(name => name !== BASE) : [];
  const pairs = BESIDE.filter(([route, other]) => names.includes(route) && names.includes(other));
  if (others.length + pairs.length === 0) return '';
  const targets = ['relay', 'direct'].filter(route => others.includes(route));
  const head = [
    others.length > 0 ? `times ${BASE}` : 'times the other',
    ...others.flatMap(name => (targets.includes(name) ? [name, 'wanted'] : [name])),
    ...pairs.map(([route, other]) => `${route} / ${other}`),
  ];
  const rows = cases.map(what => [
    what.title,
    ...others.flatMap(name => {
      const found = ratioOf(samples, what.name, name, BASE, chief.name);
      return targets.includes(name) ? [times(found), wanted(what, name, chief, found)] : [times(found)];
    }),
    ...pairs.map(([route, other]) => times(ratioOf(samples, what.name, route, other, chief.name))),
  ]);
  return tableOf(head, rows);
}

function wanted({ targets }: Case, route: string, figure: FigureKind, found?: Spread): string {
  const target = targets?.[route as keyof typeof targets];
  if (target === undefined) return '';
  return `${digits(target)}${meets(found, target, figure) ? '' : ' missed'}`;
}

const meets = (found: Spread | undefined, target: number, { better }: FigureKind): boolean =>
  found !== undefined && (better === 'more' ? found.median >= target : found.median <= target);

const times = (found?: Spread) =>
  found ? `${digits(found.median)} (${digits(found.lowest)} to ${digits(found.highest)})` : '-';

export function failuresOf(samples: readonly Sample[], { bench, cases, entries }: BenchRun): string[] {
  return cases.flatMap(({ name, title }) =>
    entries.map(entryName).flatMap(entry => {
      const failure = failureOf(samples, name, entry);
      return failure ? [`${bench.name}, ${title}, ${entry}: ${failure}`] : [];
    }),
  );
}

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colAligns = head.map((_, n) => (n === 0 ? ('left' as const) : ('right' as const)));
  const table = new Table({ head: [...head], style: STYLE, colAligns });
  table.push(...rows.map(row => [...row]));
  return table.toString();
}
