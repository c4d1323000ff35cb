// A worker of one contestant: joins, then does what the runner orders.

import type { Seat } from '../contestants/contestant.js';
import { type ContestantName, loadContestant } from '../contestants/load.js';
import { holdAppHeap } from './app-heap.js';
import { WORKER_JOBS } from './jobs.js';
import { type Arrived, answer, type JobOrder } from './messages.js';

holdAppHeap();
const contestant = await loadContestant(process.env.BENCH_CONTESTANT as ContestantName);
const seat = await contestant.join();
const jobs = WORKER_JOBS as unknown as Readonly<Record<string, (seat: Seat, args: unknown) => unknown>>;

process.on('message', async (order: Partial<JobOrder> | null) => {
  if (order?.bench === undefined) return;
  const { bench, job = '', args } = order;
  process.send?.(await answer(bench, () => jobs[job]?.(seat, args)));
});
const number = Number(process.env.BENCH_SEAT);
process.send?.({ benchSeated: { seat: number, pid: process.pid, leads: seat.leads() } } satisfies Arrived);
