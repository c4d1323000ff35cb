// The primary of one contestant: a leader, then a follower, and the runner's orders passed on to the follower.

import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ContestantName, loadContestant, type Serialization } from './contestant.js';
import type { Ran, Run, Seated, Standing } from './messages.js';

let isStopping = false;
process.on('disconnect', () => void stop());

cluster.setupPrimary({
  exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
  serialization: process.env.BENCH_SERIALIZATION as Serialization,
});
const contestant = await loadContestant(process.env.BENCH_CONTESTANT as ContestantName);
const env = await contestant.primary();
const workers = [await seat('1'), await seat('2')];
const followers = workers.filter(({ leads }) => !leads);
const follower = followers[0]?.worker;
if (!follower || followers.length !== 1) throw new Error(`${followers.length} of two workers follow.`);

process.on('message', (order: Run) => follower.send(order));
follower.on('message', (message: Partial<Ran>) => {
  if (message?.ran) process.send?.(message);
});
process.send?.({ standing: true } satisfies Standing);

/** The runner is done, or gone. SIGKILL: nobody needs to say goodbye. */
async function stop(): Promise<void> {
  isStopping = true;
  const living = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined);
  for (const worker of living) worker.process.kill('SIGKILL');
  await Promise.all(living.map(worker => once(worker, 'exit')));
  process.exit();
}

function seat(number: string): Promise<{ worker: Worker; leads: boolean }> {
  const worker = cluster.fork({ ...env, BENCH_SEAT: number });
  worker.on('exit', (code, signal) => {
    if (!isStopping) throw new Error(`Worker ${number} ended with ${signal ?? code}.`);
  });
  return new Promise(resolve => {
    worker.on('message', (message: Partial<Seated>) => {
      if (message?.seated !== undefined) resolve({ worker, leads: message.seated });
    });
  });
}
