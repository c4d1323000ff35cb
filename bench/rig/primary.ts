// The primary of one contestant: forks workers, kills them, and passes the runner's orders on to them.

import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Desk, Serialization } from '../contestants/contestant.js';
import { type ContestantName, loadContestant } from '../contestants/load.js';
import { nowMs } from '../jobs/clock.js';
import { holdAppHeap } from './app-heap.js';
import { PRIMARY_JOBS, type Seated } from './jobs.js';
import { type Answer, type Arrived, answer, type JobOrder, type Order } from './messages.js';

/** More at once would only wait for the processor. */
const FORKED_AT_ONCE = 4;

const workers = new Map<number, Worker>();
const killed = new Set<Worker>();
let lastSeat = 0;
process.on('disconnect', () => void stop());

cluster.setupPrimary({
  exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
  execArgv: ['--expose-gc'],
  serialization: process.env.BENCH_SERIALIZATION as Serialization,
});
holdAppHeap();
const contestant = await loadContestant(process.env.BENCH_CONTESTANT as ContestantName);
const desk = await contestant.primary();
const jobs = PRIMARY_JOBS as unknown as Readonly<Record<string, (desk: Desk, args: unknown) => unknown>>;

process.on('message', async (order: Order) => {
  const { bench } = order;
  if ('seat' in order && order.seat !== 0) workers.get(order.seat)?.send(order);
  else process.send?.(await answer(bench, () => carryOut(order)));
});

function carryOut(order: Order): unknown {
  if ('grow' in order) return grow(order.grow);
  if ('kill' in order) return kill(order.kill);
  const { job, args } = order as JobOrder;
  return jobs[job]?.(desk, args);
}

/** Until there are so many workers; returns those that came. The first one comes alone. */
async function grow(size: number): Promise<Seated[]> {
  const come: Seated[] = [];
  while (workers.size < size) {
    const count = workers.size === 0 ? 1 : Math.min(FORKED_AT_ONCE, size - workers.size);
    come.push(...(await Promise.all(Array.from({ length: count }, fork))));
  }
  return come;
}

function fork(): Promise<Seated> {
  const seat = ++lastSeat;
  const worker = cluster.fork({ ...desk.env, BENCH_SEAT: String(seat) });
  workers.set(seat, worker);
  worker.on('exit', (code, signal) => {
    if (!killed.has(worker)) throw new Error(`Worker ${seat} ended with ${signal ?? code}.`);
  });
  return new Promise(resolve => {
    worker.on('message', (message: Partial<Answer & Arrived> | null) => {
      if (message?.bench !== undefined) process.send?.(message);
      else if (message?.benchSeated) resolve(message.benchSeated);
    });
  });
}

/** Returns when. */
function kill(seat: number): number {
  const worker = workers.get(seat)!;
  workers.delete(seat);
  killed.add(worker);
  const at = nowMs();
  worker.process.kill('SIGKILL');
  return at;
}

/** The runner is done, or gone. SIGKILL: nobody needs to say goodbye. */
async function stop(): Promise<void> {
  const living = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined);
  for (const worker of living) killed.add(worker);
  for (const worker of living) worker.process.kill('SIGKILL');
  await Promise.all(living.map(worker => once(worker, 'exit')));
  process.exit();
}
