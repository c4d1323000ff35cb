// `npm run bench -- --check`: have the routes become slower against cluster-client than they were in the committed rounds?
// Ratios and not figures, so that another machine than the one of bench/results can tell. It must be able to fail:
// `BENCH_SLOWED=relay npm run bench -- invoke --check` slows one contestant down (contestants/slowed.ts), and a test
// feeds `compare` with slower rounds.

import { entriesOf } from './contestants/load.js';
import { type Bench, digits } from './support/bench.js';
import { compare, type Verdict } from './support/compare.js';
import type { Options } from './support/options.js';
import { load, RESULTS } from './support/results.js';
import type { Sample } from './support/samples.js';
import { BASE, tableOf } from './support/tables.js';

const ROUNDS = 7;
const ROUTES = ['relay', 'direct'] as const;

/** Returns whether none became slower. */
export async function check(benches: readonly Bench[], options: Options): Promise<boolean> {
  const verdicts: Verdict[] = [];
  for (const bench of benches) {
    const cases = options.run(bench).cases.filter(({ targets }) => targets);
    const committed = await load(RESULTS, bench.name);
    if (cases.length === 0) continue;
    if (!committed) throw new Error(`There is no bench/results/${bench.name}.json to compare with.`);
    const entries = entriesOf([BASE, ...ROUTES], ['advanced']);
    const samples: Sample[] = await bench.measure({ bench, cases, entries, rounds: ROUNDS, ms: options.run(bench).ms });
    verdicts.push(...compare(bench, cases, ROUTES, samples, committed.samples));
  }
  print(verdicts);
  return verdicts.every(({ holds }) => holds);
}

function print(verdicts: readonly Verdict[]): void {
  const head = ['', 'route', `times ${BASE} now`, 'committed', 'bound', ''];
  const rows = verdicts.map(({ title, route, now, committed, bound, holds }) => [
    title,
    route,
    digits(now),
    digits(committed),
    `${digits(bound)}`,
    holds ? '' : 'SLOWER',
  ]);
  console.log(`\n${tableOf(head, rows)}`);
}
