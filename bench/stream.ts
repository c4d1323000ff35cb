// A stream from the leader to one reader in a follower: items a second, and what each costs.

import { STREAM_CASES } from './jobs/stream-cases.js';
import type { Tree } from './rig/tree.js';
import { type Bench, inTurns, warmUpMsOf, withTrees } from './support/bench.js';
import { cpuUsOf } from './support/cpu.js';
import type { Figures } from './support/samples.js';

export const stream: Bench = {
  name: 'stream',
  question: 'items a second that one reader in a follower gets from the leader',
  cases: STREAM_CASES.map(({ name, title }) => ({ name, title })),
  contestants: ['relay', 'relay by calls', 'direct', 'direct by calls', 'direct floor'],
  rounds: 5,
  ms: 500,
  figures: [
    { name: 'perSecond', title: 'items a second', better: 'more' },
    { name: 'cpuUs', title: 'CPU µs an item, all processes', better: 'less' },
  ],
  measure: run =>
    withTrees(run, 2, async trees => {
      // Compiled code for all, or the first round would measure the compiler.
      for (const tree of trees) await measure(tree, run.cases[0]!.name, run.ms * 2, run.ms * 2);
      return inTurns(trees, run.cases, run, (tree, { name }) => measure(tree, name, warmUpMsOf(run), run.ms));
    }),
};

async function measure(tree: Tree, name: string, warmUpMs: number, ms: number): Promise<Figures> {
  const { seat } = tree.followers[0]!;
  await tree.tell(seat, 'read', { case: name, ms: warmUpMs });
  const { result, used } = await tree.using(() => tree.tell(seat, 'read', { case: name, ms }));
  const { items, elapsedMs } = result;
  return { perSecond: (items / elapsedMs) * 1000, cpuUs: cpuUsOf(used) / items };
}
