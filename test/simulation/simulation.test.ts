import test from 'ava';
import { FIRST_WITH_OPERATIONS, planFor } from './plan.js';
import { REGRESSIONS } from './regressions.js';
import { shrink } from './shrink.js';
import { simulate, simulateSeed } from './simulate.js';

/** `npm run simulate -- --seeds 100000` runs more. */
const SEEDS = 2000;
const SEEDS_WITH_OPERATIONS = 300;

// The stacks of the errors that are as they should be cost as much as all else.
const { stackTraceLimit } = Error;
test.before(() => {
  Error.stackTraceLimit = 0;
});
test.after.always(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test.serial(`${SEEDS} random schedules break no promise`, async t => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation, outcomes } = await simulateSeed(seed);
    if (violation) return t.fail(`seed ${seed} broke "${violation.promise}": ${violation.text}`);
    for (const end of outcomes.keys()) ends.add(end);
  }
  // Else the schedules would be too tame to show anything.
  for (const end of [
    'ok',
    'thrown n',
    'ERR_LEADER_LOST unknown',
    'ERR_TIMEOUT not-started',
    'ERR_PRIMARY_LOST unknown',
  ])
    t.true(ends.has(end), end);
});

test.serial(
  `${SEEDS_WITH_OPERATIONS} random schedules with operations, handles and reconnects break no promise`,
  async t => {
    for (let seed = FIRST_WITH_OPERATIONS; seed < FIRST_WITH_OPERATIONS + SEEDS_WITH_OPERATIONS; seed++) {
      const { violation } = await simulateSeed(seed);
      if (violation) return t.fail(`seed ${seed} broke "${violation.promise}": ${violation.text}`);
    }
    t.pass();
  },
);

test.serial('the same seed gives the same trace', async t => {
  for (const seed of [1, 2, 3, 5, 8, 13, 21]) {
    t.deepEqual(await traceOf(seed), await traceOf(seed));
  }
});

test.serial('a schedule that breaks a promise is made shorter', async t => {
  const { violation: none, ...rest } = await simulateSeed(4);
  t.is(none, undefined);
  // Nobody can keep this promise: a leader that nobody lets open its real client.
  const plan = {
    ...rest.plan,
    ending: 'closes',
    workers: [{ serialization: 'json', eligible: true, priority: Number.NaN }],
  } as const;
  const { violation } = await simulate(plan);
  t.truthy(violation);
  const shrunk = await shrink(plan, violation!);
  t.is(shrunk.violation.promise, violation!.promise);
  t.true(shrunk.plan.actions.length <= 1, JSON.stringify(shrunk.plan.actions));
});

for (const { text, plan, seed } of REGRESSIONS) {
  test.serial(`no more: ${text} (seed ${seed})`, async t => {
    const { violation } = await simulate(plan);
    t.is(violation?.text, undefined);
  });
}

async function traceOf(seed: number): Promise<string[]> {
  const trace: string[] = [];
  await simulate(planFor(seed), { trace: line => trace.push(line) });
  return trace;
}
