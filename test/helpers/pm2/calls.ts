// What an app under PM2 told of its calls and its leaders, and what the daemon's log must be free of.

import type { ExecutionContext } from 'ava';
import type { AppProcess, Pm2 } from './process.js';

const TROUBLE = /EPIPE|CHANNEL_CLOSED|global error|uncaught/i;

/** What became of the calls of all workers since `from`. */
export async function calls(workers: readonly AppProcess[], from = 0) {
  const all = await Promise.all(workers.map(worker => worker.eventsOf('call').catch(() => [])));
  return all.flat().filter(({ at }) => at >= from);
}

/** The terms that were led by workers of an app. */
export async function terms(workers: readonly AppProcess[]): Promise<number[]> {
  const all = await Promise.all(workers.map(worker => worker.eventsOf('leader').catch(() => [])));
  return all
    .flat()
    .map(({ term }) => term)
    .sort((a, b) => a - b);
}

export const noDaemonTrouble = (t: ExecutionContext, pm2: Pm2) => t.notRegex(pm2.log, TROUBLE);
