// What a cluster of eight workers that share a client costs while nothing is asked of it.

import { entryName } from './contestants/load.js';
import type { Tree } from './rig/tree.js';
import { type Bench, type BenchRun, type Case, withTrees } from './support/bench.js';
import { cpuUsOf } from './support/cpu.js';
import * as progress from './support/progress.js';
import type { Figures, Sample } from './support/samples.js';

const WORKERS = 8;

/** What is done after a start is over then. */
const SETTLE_MS = 2000;

const CASE: Case = { name: '8', title: '8 workers' };

export const idle: Bench = {
  name: 'idle',
  question: 'CPU and bytes written a minute with nothing to do, extrapolated from five windows of 6 s',
  cases: [CASE],
  contestants: ['cluster-client', 'relay', 'direct', 'bare cluster'],
  rounds: 5,
  ms: 6000,
  figures: [
    { name: 'cpuMs', title: 'CPU ms a minute, all processes', better: 'less' },
    { name: 'writtenKB', title: 'kB written a minute, all processes', better: 'less' },
  ],
  measure: run =>
    withTrees(run, WORKERS, async trees => {
      await new Promise(resolve => setTimeout(resolve, Math.min(SETTLE_MS, run.ms)));
      return windows(trees, run);
    }),
};

/** All at once: none of them needs a hundredth of a processor, and a heartbeat takes seconds. */
async function windows(trees: readonly Tree[], run: BenchRun): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    progress.now(`idle, window ${round} of ${run.rounds} ...`);
    samples.push(
      ...(await Promise.all(
        trees.map(async tree => ({
          round,
          case: CASE.name,
          entry: entryName(tree.entry),
          figures: await measure(tree, run.ms),
        })),
      )),
    );
    progress.done(`idle, window ${round} of ${run.rounds}`);
  }
  return samples;
}

async function measure(tree: Tree, ms: number): Promise<Figures> {
  const used = await Promise.all([
    tree.tellPrimary('usageOver', ms),
    ...tree.seated.map(({ seat }) => tree.tell(seat, 'usageOver', ms)),
  ]);
  const aMinute = 60_000 / ms;
  return {
    cpuMs: (cpuUsOf(used) / 1000) * aMinute,
    writtenKB: (used.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0) / 1000) * aMinute,
  };
}
