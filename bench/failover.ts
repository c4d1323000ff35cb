// How long calls and subscriptions are without a leader, after it was killed and after it handed over.

import type { Tree } from './rig/tree.js';
import { type Bench, type BenchRun, type Case, inTurns, withTrees } from './support/bench.js';
import type { Figures } from './support/samples.js';

const WORKERS = 4;

const CASES: readonly Case[] = [
  { name: 'kill', title: 'SIGKILL of the leader', targets: { relay: 1.2, direct: 1.2 } },
  { name: 'close', title: 'the leader closes' },
];

export const failover: Bench = {
  name: 'failover',
  question: 'time until calls and subscriptions reach the next leader',
  cases: CASES,
  contestants: ['cluster-client', 'relay', 'direct'],
  rounds: 7,
  ms: 200,
  figures: [
    { name: 'callMs', title: 'ms to the first call through, slowest worker', better: 'less', withHighest: true },
    { name: 'firstCallMs', title: 'ms to the first call through, fastest worker', better: 'less', withHighest: true },
    { name: 'valueMs', title: 'ms to the first value, slowest worker', better: 'less', withHighest: true },
  ],
  measure: run =>
    withTrees(run, WORKERS, async trees => {
      // The first time a program does something it is slow.
      for (const tree of trees) for (const what of run.cases) await measure(tree, what, run);
      return inTurns(trees, run.cases, run, (tree, what) => measure(tree, what, run));
    }),
};

async function measure(tree: Tree, what: Case, { ms }: BenchRun): Promise<Figures> {
  await pulse(tree, true);
  const leader = await leaderOf(tree);
  const others = tree.seated.filter(({ seat }) => seat !== leader.seat);
  await Promise.all(others.map(({ seat }) => tree.tell(seat, 'watch', { leader: leader.pid, ms })));
  await Promise.all(others.map(({ seat }) => tree.tell(seat, 'collect', null)));
  const from = what.name === 'kill' ? await tree.kill(leader.seat) : await tree.tell(leader.seat, 'close', null);
  const returned = await Promise.all(others.map(({ seat }) => tree.tell(seat, 'returned', null)));
  if (what.name !== 'kill') await tree.kill(leader.seat);
  await pulse(tree, false);
  await tree.grow(WORKERS);
  return {
    callMs: Math.max(...returned.map(({ callAt }) => callAt)) - from,
    firstCallMs: Math.min(...returned.map(({ callAt }) => callAt)) - from,
    valueMs: Math.max(...returned.map(({ valueAt }) => valueAt)) - from,
  };
}

async function pulse(tree: Tree, isOn: boolean): Promise<void> {
  await Promise.all(tree.seated.map(({ seat }) => tree.tell(seat, 'pulse', isOn)));
}

async function leaderOf(tree: Tree) {
  const leading = await Promise.all(tree.seated.map(({ seat }) => tree.tell(seat, 'leads', null)));
  const found = tree.seated.filter((_, n) => leading[n]);
  if (found.length !== 1) throw new Error(`${found.length} workers lead`);
  return found[0]!;
}
