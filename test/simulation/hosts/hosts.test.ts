// Shared clients of a fleet, with mishaps at random.

import test from 'ava';
import { simulateHosts } from './simulate.js';

/** `npm run simulate -- --calls --seeds 10000` runs more. */
const SEEDS = 40;
const FIRST = 100_000;

test.serial(`${SEEDS} random schedules of hosts that share a client break no promise`, async t => {
  let [calls, terms, values] = [0, 0, 0];
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = await simulateHosts(seed);
    const { violation } = result;
    t.is(violation && `seed ${seed}: ${violation.promise}, ${violation.text}`, undefined);
    calls += result.calls;
    terms += result.terms;
    values += result.values;
  }
  // Else the mishaps would be too tame to show anything.
  t.true(terms > 4 * SEEDS && calls > 40 * SEEDS && values > 10 * SEEDS);
});

test.serial('the same seed gives the same trace', async t => {
  const traceOf = async (seed: number): Promise<string[]> => {
    const trace: string[] = [];
    await simulateHosts(seed, line => trace.push(line));
    return trace;
  };
  for (const seed of [1, 2, 3]) t.deepEqual(await traceOf(seed), await traceOf(seed));
});
