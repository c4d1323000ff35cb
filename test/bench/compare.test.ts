import test from 'ava';
import type { Bench, Case } from '../../bench/support/bench.js';
import { compare } from '../../bench/support/compare.js';
import type { Sample } from '../../bench/support/samples.js';

const CASES: readonly Case[] = [{ name: 'small', title: 'a small one' }];

const bench = (better: 'more' | 'less'): Bench => ({
  name: 'bench',
  question: '',
  cases: CASES,
  contestants: [],
  rounds: 1,
  ms: 1,
  figures: [{ name: 'figure', title: '', better }],
  measure: async () => [],
});

/** One round for each ratio to cluster-client. */
const rounds = (ratios: readonly number[]): Sample[] =>
  ratios.flatMap((ratio, n) => [
    { round: n + 1, case: 'small', entry: 'cluster-client', figures: { figure: 10 } },
    { round: n + 1, case: 'small', entry: 'relay', figures: { figure: 10 * ratio } },
  ]);

const holds = (better: 'more' | 'less', now: readonly number[], committed: readonly number[]) =>
  compare(bench(better), CASES, ['relay'], rounds(now), rounds(committed)).map(verdict => verdict.holds);

test('a median at the lowest of the committed rounds holds, one below it does not', t => {
  t.deepEqual(holds('more', [1, 2, 9], [2, 3, 4]), [true]);
  t.deepEqual(holds('more', [1, 1.9, 9], [2, 3, 4]), [false]);
});

test('of a time the highest is the bound', t => {
  t.deepEqual(holds('less', [1, 4, 9], [2, 3, 4]), [true]);
  t.deepEqual(holds('less', [1, 4.1, 9], [2, 3, 4]), [false]);
});

test('what was not measured, now or then, does not hold', t => {
  t.deepEqual(holds('more', [], [1]), [false]);
  t.deepEqual(holds('more', [1], []), [false]);
});

test('a verdict says what it is made of', t => {
  t.deepEqual(compare(bench('more'), CASES, ['relay'], rounds([4, 5, 6]), rounds([1, 2, 3])), [
    { title: 'bench, a small one', route: 'relay', now: 5, committed: 2, bound: 1, holds: true },
  ]);
});
