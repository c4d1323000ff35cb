// Runs many seeds, or replays one: `--seeds N`, `--start S`, `--jobs N`, `--seed N`, `--route direct`, or `--fleet` with
// `--hosts N`, `--seconds N`, `--drift PART`, `--act PART`, `--store keeps`; `--calls`: shared clients of a fleet, with two levels of
// leaders, in one process. Ends with 1 if a promise broke.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { describe } from './actions.js';
import { explainFleet, replayFleet, settingsOf } from './fleet/explain.js';
import { searchHosts } from './hosts/search.js';
import { runJobs } from './jobs.js';
import { type Plan, type PlanRoute, planFor } from './plan.js';
import { shrink } from './shrink.js';
import { simulate, simulateSeed } from './simulate.js';
import type { Tally } from './tally.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    start: { type: 'string', default: '1' },
    seed: { type: 'string' },
    route: { type: 'string', default: 'relay' },
    /** Processes that share the seeds. */
    jobs: { type: 'string', default: String(availableParallelism()) },
    /** Goes on after a failure, and only counts. */
    all: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: true },
    /** Simulates the elections of a fleet. */
    fleet: { type: 'boolean', default: false },
    /** Simulates shared clients of a fleet. */
    calls: { type: 'boolean', default: false },
    hosts: { type: 'string' },
    seconds: { type: 'string' },
    drift: { type: 'string' },
    act: { type: 'string' },
    store: { type: 'string' },
  },
  allowNegative: true,
});

const route: PlanRoute = values.route === 'direct' ? 'direct' : 'relay';

const fleet = values.fleet ? settingsOf(values) : undefined;

const print = (text: string) => void process.stdout.write(`${text}\n`);

const first = Number(values.seed ?? values.start);
if (values.calls) {
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  process.exitCode = await searchHosts(first, count, print, { all: values.all, traces: values.seed !== undefined });
} else process.exitCode = values.seed === undefined ? await search() : await replay(first);

async function replay(seed: number): Promise<number> {
  if (!fleet) print(planText(seed));
  const { violation } = fleet ? replayFleet(seed, fleet, print) : await simulateSeed(seed, { trace: print }, route);
  print(
    violation ? `\nseed ${seed} broke "${violation.promise}": ${violation.text}` : `\nseed ${seed} kept every promise`,
  );
  return violation ? 1 : 0;
}

async function search(): Promise<number> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const whole = {
    start: Number(values.start),
    count: Number(values.seeds),
    route,
    all: values.all,
    ...(fleet && { fleet }),
  };
  const began = performance.now();
  const rate = ({ schedules }: Tally) => (schedules / ((performance.now() - began) / 1000)).toFixed(0);
  let nextReport = began;
  let told = 0;
  const tally = await runJobs(whole, Number(values.jobs), so => {
    // At once, for whoever doesn't wait for the end.
    for (; told < so.broken.length; told++) {
      const { seed, promise, text } = so.broken[told]!;
      progress(`seed ${seed} broke "${promise}": ${text.slice(0, 200)}\n`);
    }
    if (performance.now() < nextReport) return;
    nextReport = performance.now() + 2000;
    progress(`${so.schedules} of ${whole.count} schedules, ${rate(so)} a second, ${so.broken.length} broken`);
  });
  if (process.stdout.isTTY) print('');
  Error.stackTraceLimit = stackTraceLimit;
  const { schedules, events, calls, values: received, terms, outcomes, broken } = tally;
  const more = fleet ? `${terms} elections` : `${calls} calls, ${received} values, ${terms} terms`;
  print(`${schedules} schedules, ${rate(tally)} a second: ${events} events, ${more}`);
  const ends = Object.entries(outcomes).map(([end, times]) => `${end} ${times}`);
  print(`${fleet ? 'beside them' : 'ends of calls'}: ${ends.join(', ')}`);
  if (broken.length === 0) print('every promise was kept');
  else if (values.all) printBroken(tally);
  else if (fleet) explainFleet(broken[0]!.seed, fleet, values.shrink, print);
  else await explain(broken[0]!.seed);
  return broken.length > 0 ? 1 : 0;
}

function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
  else process.stderr.write(`${line}\n`);
}

function printBroken({ broken }: Tally): void {
  for (const promise of new Set(broken.map(one => one.promise))) {
    const seeds = broken.filter(one => one.promise === promise).map(({ seed }) => seed);
    print(`broken: ${promise}, ${seeds.length} times: seeds ${seeds.slice(0, 12).join(' ')}`);
  }
}

async function explain(seed: number): Promise<void> {
  const { plan, violation } = await simulateSeed(seed, {}, route);
  if (!violation) return print(`\nseed ${seed} broke a promise, and kept it when it was run again`);
  print(`\nseed ${seed} broke "${violation.promise}": ${violation.text}`);
  if (!values.shrink) return;
  print(`shrinking ${plan.actions.length} actions ...`);
  const { plan: least, violation: last } = await shrink(plan, violation);
  print(`\nthe shortest schedule found, ${least.actions.length} actions:\n${settings(least)}`);
  for (const action of least.actions) print(describe(action));
  print(`\nits trace:`);
  await simulate(least, { trace: print });
  print(
    `\n"${last.promise}": ${last.text}\nreplay the whole of it: npm run simulate -- --route ${route} --seed ${seed}`,
  );
}

function planText(seed: number): string {
  const plan = planFor(seed, route);
  return [settings(plan), ...plan.actions.map(describe), ''].join('\n');
}

function settings({ jitterMs, hungLeader, ending, groups, workers, primary, load, cost }: Plan): string {
  const all = { jitterMs, hungLeader, ending, groups, workers, primary, load, cost };
  return JSON.stringify(all, null, 1).replace(/\n\s{2,}/g, ' ');
}
