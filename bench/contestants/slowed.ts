// How to see `--check` fail: `BENCH_SLOWED=relay npm run bench -- invoke --check` slows down each call of the relay.

import type { Echo } from './contestant.js';

/** For each call, in the caller's process. */
const SPIN_MS = 0.2;

/** `echo` itself, unless this contestant was named to be slowed. */
export function slowed(echo: Echo): Echo {
  if (process.env.BENCH_SLOWED !== process.env.BENCH_CONTESTANT) return echo;
  return value => {
    const until = performance.now() + SPIN_MS;
    while (performance.now() < until);
    return echo(value);
  };
}
