// Values from one source in the leader to listeners in a cluster of eight workers, the leader among them.

import type { Tree } from './rig/tree.js';
import { type Bench, type BenchRun, type Case, inTurns, warmUpMsOf, withTrees } from './support/bench.js';
import { cpuUsOf } from './support/cpu.js';
import type { Figures } from './support/samples.js';

const WORKERS = 8;

/** The name is the number of listeners, and the topic. */
const CASES: readonly Case[] = [
  { name: '1', title: '1 subscriber, in a follower' },
  { name: '8', title: '8 subscribers, 1 in each worker', targets: { relay: 2, direct: 4 } },
  { name: '64', title: '64 subscribers, 8 in each worker' },
];

export const fanOut: Bench = {
  name: 'fan-out',
  question: 'values delivered a second to the subscribers of one topic in 8 workers',
  cases: CASES,
  contestants: ['cluster-client', 'relay', 'direct', 'relay floor', 'direct floor'],
  rounds: 5,
  ms: 500,
  figures: [
    { name: 'perSecond', title: 'values delivered a second', better: 'more' },
    { name: 'p50Ms', title: 'p50 in ms, emitted to heard', better: 'less' },
    { name: 'p99Ms', title: 'p99 in ms, emitted to heard', better: 'less' },
    { name: 'cpuUs', title: 'CPU µs a value delivered, all processes', better: 'less' },
  ],
  measure: run =>
    withTrees(run, WORKERS, async trees => {
      for (const tree of trees) {
        for (const what of run.cases) await subscribe(tree, what);
        // Compiled code for all, or the first round would measure the compiler.
        await emit(tree, run.cases[0]!, run.ms);
      }
      return inTurns(trees, run.cases, run, (tree, what) => measure(tree, what, run));
    }),
};

/** Who listens: one follower, or all. */
const listening = (tree: Tree, { name }: Case) => (name === '1' ? tree.followers.slice(0, 1) : tree.seated);

async function subscribe(tree: Tree, what: Case): Promise<void> {
  const seats = listening(tree, what);
  const listeners = Number(what.name) / seats.length;
  for (const { seat } of seats) await tree.tell(seat, 'subscribe', { topic: what.name, seat, listeners });
}

const emit = (tree: Tree, what: Case, ms: number) =>
  tree.tell(tree.leader.seat, 'emit', { topic: what.name, workers: listening(tree, what).length, ms });

const heard = (tree: Tree, what: Case) =>
  Promise.all(listening(tree, what).map(({ seat }) => tree.tell(seat, 'heard', what.name)));

async function measure(tree: Tree, what: Case, run: BenchRun): Promise<Figures> {
  await emit(tree, what, warmUpMsOf(run));
  const before = sum((await heard(tree, what)).map(({ values }) => values));
  const { result, used } = await tree.using(() => emit(tree, what, run.ms));
  const after = await heard(tree, what);
  const delivered = result.values * Number(what.name);
  const came = sum(after.map(({ values }) => values)) - before;
  if (came !== delivered) throw new Error(`${came} of ${delivered} values were heard`);
  return {
    perSecond: (delivered / result.elapsedMs) * 1000,
    p50Ms: Math.max(...after.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...after.map(({ p99Ms }) => p99Ms)),
    cpuUs: cpuUsOf(used) / delivered,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
