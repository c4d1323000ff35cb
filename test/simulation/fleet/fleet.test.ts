import test from 'ava';
import { shrinkFleet } from './explain.js';
import type { Settings } from './plan.js';
import { type FleetResult, simulateFleet, simulateFleetSeed } from './simulate.js';

/** `npm run simulate -- --fleet --seeds 10000` runs more. */
const SEEDS = 300;
const FIRST = 1000;

const run = (seeds: number, settings?: Settings): FleetResult[] =>
  Array.from({ length: seeds }, (_, i) => simulateFleetSeed(FIRST + i, settings));

const broken = (results: readonly FleetResult[]): string[] =>
  results.flatMap(({ plan, violation }) =>
    violation ? [`seed ${plan.seed}: ${violation.promise}, ${violation.text}`] : [],
  );

const sum = (results: readonly FleetResult[], of: (result: FleetResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);

test.serial(`${SEEDS} random fleets break no promise`, t => {
  const results = run(SEEDS);
  t.deepEqual(broken(results), []);
  // Else the mishaps would be too tame to show anything.
  t.true(sum(results, ({ elections }) => elections) > 5 * SEEDS);
  for (const about of ['lost', 'unreadable', 'went back'] as const)
    t.true(sum(results, ({ warnings }) => warnings[about]) > 0, about);
});

test.serial('there is one leader of 30 hosts whose clocks are 19 % off either way', t => {
  t.deepEqual(broken(run(40, { hosts: 30, seconds: 300, drift: 0.19, store: 'keeps' })), []);
});

test.serial('two leaders are noticed where clocks are 40 % off', t => {
  const found = run(60, { hosts: 30, drift: 0.4, store: 'keeps' }).filter(({ violation }) =>
    isDouble(violation?.promise),
  );
  t.true(found.length > 0);
});

test.serial('two leaders are noticed where a leader acts for longer than others wait', t => {
  const found = run(60, { hosts: 30, act: 1.2, store: 'keeps' }).filter(({ violation }) =>
    isDouble(violation?.promise),
  );
  t.true(found.length > 0);
});

test.serial('the same seed gives the same trace', t => {
  const traceOf = (seed: number): string[] => {
    const trace: string[] = [];
    simulateFleetSeed(seed, {}, line => trace.push(line));
    return trace;
  };
  for (const seed of [1, 2, 3, 5, 8, 13, 21]) t.deepEqual(traceOf(seed), traceOf(seed));
});

test.serial('a fleet that breaks a promise is made shorter', t => {
  const found = run(60, { act: 1.2, store: 'keeps', hosts: 4, seconds: 30 }).find(({ violation }) => violation)!;
  const { plan, violation } = found;
  const shrunk = shrinkFleet(plan, violation!);
  t.is(simulateFleet(shrunk).violation?.promise, violation!.promise);
  t.true(shrunk.actions.length < plan.actions.length);
});

const isDouble = (promise: string | undefined): boolean =>
  promise === 'one leader' || promise === 'no claim over a valid lease';
