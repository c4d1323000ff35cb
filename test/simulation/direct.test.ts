// In a file of its own, so that it runs beside the schedules by the relay.

import test from 'ava';
import { simulateSeed } from './simulate.js';

/** The schedules of the relay, with connections that break and can't be made. */
const SEEDS = 2000;

test(`${SEEDS} random schedules break no promise by the direct route`, async t => {
  // The stacks of the errors that are as they should be cost as much as all else.
  Error.stackTraceLimit = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation } = await simulateSeed(seed, {}, 'direct');
    if (violation) return t.fail(`seed ${seed} broke "${violation.promise}": ${violation.text}`);
  }
  t.pass();
});
