// Runs many seeds, or replays one: `--seeds N`, `--start S`, `--seed N`, `--road direct`. Ends with 1 if a promise broke.

import { parseArgs } from 'node:util';
import { type PlanRoad, planFor } from './plan.js';
import { shrink } from './shrink.js';
import { type Result, simulate, simulateSeed } from './simulate.js';
import { describe } from './world.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    start: { type: 'string', default: '1' },
    seed: { type: 'string' },
    road: { type: 'string', default: 'relay' },
    /** Goes on after a failure, and only counts. */
    all: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

const road: PlanRoad = values.road === 'direct' ? 'direct' : 'relay';

const print = (text: string) => void process.stdout.write(`${text}\n`);

process.exitCode =
  values.seed === undefined
    ? await search(Number(values.start), Number(values.seeds))
    : await replay(Number(values.seed));

async function replay(seed: number): Promise<number> {
  print(planText(seed));
  const { violation } = await simulateSeed(seed, { trace: print }, road);
  print(
    violation ? `\nseed ${seed} broke "${violation.promise}": ${violation.text}` : `\nseed ${seed} kept every promise`,
  );
  return violation ? 1 : 0;
}

async function search(start: number, count: number): Promise<number> {
  // Nobody reads the stacks of errors that are as they should be.
  Error.stackTraceLimit = 0;
  const began = performance.now();
  const totals = { events: 0, calls: 0, values: 0, terms: 0 };
  const outcomes = new Map<string, number>();
  const failures = new Map<string, number[]>();
  let nextReport = began + 2000;
  for (let seed = start; seed < start + count; seed++) {
    const result = await simulateSeed(seed, {}, road);
    add(totals, outcomes, result);
    if (result.violation) {
      if (!values.all) {
        await explain(result);
        return 1;
      }
      const { promise } = result.violation;
      const seeds = failures.get(promise) ?? [];
      failures.set(promise, seeds);
      seeds.push(seed);
    }
    if (performance.now() > nextReport) {
      nextReport += 2000;
      progress(seed - start + 1);
    }
  }
  progress(count);
  if (process.stdout.isTTY) print('');
  const perSecond = count / ((performance.now() - began) / 1000);
  print(
    `${count} schedules, ${perSecond.toFixed(0)} a second: ${totals.events} events, ${totals.calls} calls, ${totals.values} values, ${totals.terms} terms`,
  );
  print(`ends of calls: ${[...outcomes].map(([end, times]) => `${end} ${times}`).join(', ')}`);
  for (const [promise, seeds] of failures)
    print(`broken: ${promise}, ${seeds.length} times: seeds ${seeds.slice(0, 12).join(' ')}`);
  if (failures.size === 0) print('every promise was kept');
  return failures.size > 0 ? 1 : 0;

  function progress(done: number): void {
    const rate = done / ((performance.now() - began) / 1000);
    const line = `${done} of ${count} schedules, ${rate.toFixed(0)} a second, ${[...failures.values()].flat().length} broken`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
    else process.stderr.write(`${line}\n`);
  }
}

async function explain({ plan, violation }: Result): Promise<void> {
  print(`\nseed ${plan.seed} broke "${violation!.promise}": ${violation!.text}`);
  if (!values.shrink) return;
  Error.stackTraceLimit = 10;
  print(`shrinking ${plan.actions.length} actions ...`);
  const { plan: least, violation: last } = await shrink(plan, violation!);
  print(`\nthe shortest schedule found, ${least.actions.length} actions:\n${settings(least)}`);
  for (const action of least.actions) print(describe(action));
  print(`\nits trace:`);
  await simulate(least, { trace: print });
  print(
    `\n"${last.promise}": ${last.text}\nreplay the whole of it: npm run simulate -- --road ${road} --seed ${plan.seed}`,
  );
}

function planText(seed: number): string {
  const plan = planFor(seed, road);
  return [settings(plan), ...plan.actions.map(describe), ''].join('\n');
}

function settings({ jitterMs, hungLeader, ending, groups, workers }: Result['plan']): string {
  return JSON.stringify({ jitterMs, hungLeader, ending, groups, workers }, null, 1).replace(/\n\s{2,}/g, ' ');
}

function add(
  totals: { events: number; calls: number; values: number; terms: number },
  outcomes: Map<string, number>,
  result: Result,
): void {
  totals.events += result.events;
  totals.calls += result.calls;
  totals.values += result.values;
  totals.terms += result.terms;
  for (const [end, times] of result.outcomes) outcomes.set(end, (outcomes.get(end) ?? 0) + times);
}
