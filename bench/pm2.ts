// Under a real PM2, as two apps of one daemon with as many workers each: this library, and cluster-client over its TCP port.
// A follower of one and of the other takes turns in each round.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContestantName, loadContestant } from './contestants/load.js';
import { Pm2Home } from './pm2/home.js';
import { type Order, Staff } from './pm2/staff.js';
import { type Bench, type BenchRun, type Case, warmUpMsOf } from './support/bench.js';
import * as progress from './support/progress.js';
import type { Sample } from './support/samples.js';

const WORKER = fileURLToPath(new URL('./pm2/worker.js', import.meta.url));
const WORKERS = 4;
const ORDER = { inFlight: 64, bytes: 100 };
const CASE: Case = { name: '64', title: '64 in flight, 100 B' };

export const pm2: Bench = {
  name: 'pm2',
  question: 'round trips a second from a follower to the leader under a real PM2, 4 workers',
  cases: [CASE],
  // Under PM2 there is no other route.
  contestants: ['cluster-client', 'direct'],
  rounds: 7,
  ms: 2000,
  figures: [
    { name: 'perSecond', title: 'round trips a second', better: 'more' },
    { name: 'p50Ms', title: 'p50 in ms', better: 'less' },
    { name: 'p99Ms', title: 'p99 in ms', better: 'less' },
  ],
  measure,
};

async function measure(run: BenchRun): Promise<Sample[]> {
  const names = run.entries.map(({ contestant }) => contestant);
  const home = new Pm2Home();
  const path = join(home.path, 'staff');
  const staff = new Staff(path);
  try {
    progress.now('pm2: the daemon and its workers start ...');
    await home.start(await Promise.all(names.map(name => appOf(name, path))));
    await staff.until(names.length * WORKERS);
    return await inTurns(staff, names, run);
  } finally {
    progress.end();
    staff.close();
    await home.remove();
  }
}

/** cluster-client has to be told its port; what a primary of ours would set up has no place here. */
async function appOf(name: ContestantName, staff: string): Promise<object> {
  const { env: told } = name === 'direct' ? { env: {} } : await (await loadContestant(name)).primary();
  const env = { ...told, BENCH_CONTESTANT: name, BENCH_STAFF: staff };
  return { name, script: WORKER, exec_mode: 'cluster', instances: WORKERS, env };
}

async function inTurns(staff: Staff, names: readonly ContestantName[], run: BenchRun): Promise<Sample[]> {
  const samples: Sample[] = [];
  const order: Order = { ...ORDER, warmUpMs: warmUpMsOf(run), ms: run.ms };
  for (let round = 1; round <= run.rounds; round++) {
    // Another one begins in each round.
    for (const entry of round % 2 === 0 ? names : names.toReversed()) {
      const { perSecond, p50Ms, p99Ms } = await staff.measure(entry, order);
      samples.push({ round, case: CASE.name, entry, figures: { perSecond, p50Ms, p99Ms } });
    }
    const rates = samples
      .slice(-names.length)
      .map(({ entry, figures }) => `${entry} ${Math.round(figures!.perSecond!)}`);
    progress.done(`pm2, round ${round} of ${run.rounds}: ${rates.join(', ')}`);
  }
  return samples;
}
