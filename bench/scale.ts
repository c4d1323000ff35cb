// What more workers cost: every follower keeps 16 calls in flight.

import { median } from 'simple-statistics';
import type { Tree } from './rig/tree.js';
import { type Bench, type BenchRun, inTurns, warmUpMsOf, withTrees } from './support/bench.js';
import { cpuUsOf } from './support/cpu.js';
import type { Figures, Sample } from './support/samples.js';

const SIZES = [2, 4, 8, 16, 32];

const IN_FLIGHT = '16';

const WARM_UP_CALLS = 20_000;

export const scale: Bench = {
  name: 'scale',
  question: 'calls a second of 2 to 32 workers together, and what each costs',
  cases: SIZES.map(size => ({ name: String(size), title: `${size} workers` })),
  contestants: ['cluster-client', 'relay', 'direct', 'direct floor'],
  rounds: 5,
  ms: 400,
  figures: [
    { name: 'perSecond', title: 'round trips a second, all followers', better: 'more' },
    { name: 'p50Ms', title: 'p50 in ms', better: 'less' },
    { name: 'p99Ms', title: 'p99 in ms, slowest follower', better: 'less' },
    { name: 'cpuUs', title: 'CPU µs a call, all processes', better: 'less' },
    { name: 'primaryCpuUs', title: "CPU µs a call, the primary's", better: 'less' },
    { name: 'rssMB', title: 'MB of memory (RSS) a follower', better: 'less' },
  ],
  measure: run =>
    withTrees(run, 1, async trees => {
      const samples: Sample[] = [];
      for (const what of run.cases) {
        for (const tree of trees) await grow(tree, Number(what.name));
        samples.push(...(await inTurns(trees, [what], run, (tree, _) => measure(tree, run))));
      }
      return samples;
    }),
};

/** The new ones compile their code before they are measured: in a large cluster each makes few calls a second. */
async function grow(tree: Tree, size: number): Promise<void> {
  const known = new Set(tree.seated);
  await tree.grow(size);
  const come = tree.followers.filter(seated => !known.has(seated));
  await Promise.all(come.map(({ seat }) => tree.tell(seat, 'warmUpCalls', { case: IN_FLIGHT, calls: WARM_UP_CALLS })));
}

async function measure(tree: Tree, run: BenchRun): Promise<Figures> {
  await drive(tree, warmUpMsOf(run));
  const { result, used } = await tree.using(() => drive(tree, run.ms));
  const calls = result.reduce((sum, measured) => sum + measured.calls, 0);
  const [primary, ...workers] = used;
  const followers = workers.filter((_, n) => !tree.seated[n]!.leads);
  return {
    perSecond: result.reduce((sum, { perSecond }) => sum + perSecond, 0),
    p50Ms: middle(result.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...result.map(({ p99Ms }) => p99Ms)),
    cpuUs: cpuUsOf(used) / calls,
    primaryCpuUs: primary!.cpuUs / calls,
    rssMB: middle(followers.map(({ rssBytes }) => rssBytes)) / 1e6,
  };
}

const drive = (tree: Tree, ms: number) =>
  Promise.all(tree.followers.map(({ seat }) => tree.tell(seat, 'drive', { case: IN_FLIGHT, ms })));

const middle = (values: readonly number[]) => median([...values]);
