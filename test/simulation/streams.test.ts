import test from 'ava';
import { FIRST_WITH_STREAMS } from './plan.js';
import { simulateSeed } from './simulate.js';

const SEEDS = 300;

const { stackTraceLimit } = Error;
test.before(() => {
  Error.stackTraceLimit = 0;
});
test.after.always(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

for (const route of ['relay', 'direct'] as const) {
  test.serial(`${SEEDS} random schedules with streams break no promise (${route})`, async t => {
    const ends = new Set<string>();
    for (let seed = FIRST_WITH_STREAMS; seed < FIRST_WITH_STREAMS + SEEDS; seed++) {
      const { violation, streams } = await simulateSeed(seed, {}, route);
      if (violation) return t.fail(`seed ${seed} broke "${violation.promise}": ${violation.text}`);
      for (const end of streams.keys()) ends.add(end);
    }
    for (const end of [
      'ok',
      'stopped',
      'broken n',
      'The caller gave up.',
      'ERR_LEADER_LOST',
      'ERR_TIMEOUT',
      'ERR_CLOSED',
    ])
      t.true(ends.has(end), end);
  });
}
