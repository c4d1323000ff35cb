// Round trips from one follower to the leader: how many a second, how long each takes, and what they cost.

import { ECHO_CASES } from './jobs/echo-cases.js';
import type { Tree } from './rig/tree.js';
import { type Bench, type BenchRun, type Case, inTurns, warmUpMsOf, withTrees } from './support/bench.js';
import { cpuUsOf } from './support/cpu.js';
import type { Figures } from './support/samples.js';

const TARGETS: Readonly<Record<string, Case['targets']>> = {
  '1': { relay: 0.9, direct: 2 },
  '64': { relay: 3, direct: 5.5 },
  '1024': { relay: 6, direct: 8 },
  '10kB-string': { relay: 1.6, direct: 3.5 },
  '10kB-buffer': { relay: 2, direct: 5 },
  '1MB-string': { relay: 2.4, direct: 4 },
  '1MB-buffer': { relay: 2.5, direct: 5 },
};

export const invoke: Bench = {
  name: 'invoke',
  question: 'round trips a second from a follower to the leader',
  cases: ECHO_CASES.filter(({ name }) => name !== '16').map(({ name, title }) => ({
    name,
    title,
    targets: TARGETS[name],
  })),
  contestants: ['cluster-client', 'relay', 'direct', 'relay floor', 'direct floor'],
  rounds: 5,
  ms: 500,
  figures: [
    { name: 'perSecond', title: 'round trips a second', better: 'more' },
    { name: 'p50Ms', title: 'p50 in ms', better: 'less' },
    { name: 'p99Ms', title: 'p99 in ms', better: 'less' },
    { name: 'cpuUs', title: 'CPU µs a call, all processes', better: 'less' },
    { name: 'frames', title: 'frames a call that pass the primary', better: 'less' },
  ],
  measure: run =>
    withTrees(run, 2, async trees => {
      // Compiled code for all, or the first round would measure the compiler.
      for (const tree of trees) await measure(tree, run.cases[0]!.name, { ...run, ms: run.ms * 2 });
      return inTurns(trees, run.cases, run, (tree, what) => measure(tree, what.name, run));
    }),
};

async function measure(tree: Tree, name: string, run: BenchRun): Promise<Figures> {
  const { seat } = tree.followers[0]!;
  const isSame = await tree.tell(seat, 'warmUp', { case: name, ms: warmUpMsOf(run) });
  if (!isSame) throw new Error('what came back was not what was sent');
  const frames = await tree.tellPrimary('frames', null);
  const { result, used } = await tree.using(() => tree.tell(seat, 'drive', { case: name, ms: run.ms }));
  const framesAfter = await tree.tellPrimary('frames', null);
  const { calls, perSecond, p50Ms, p99Ms } = result;
  return {
    perSecond,
    p50Ms,
    p99Ms,
    cpuUs: cpuUsOf(used) / calls,
    ...(frames !== undefined && framesAfter !== undefined && { frames: (framesAfter - frames) / calls }),
  };
}
