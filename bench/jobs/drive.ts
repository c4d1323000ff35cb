// The measuring loop, the same for all contestants.

import type { Echo } from '../contestants/contestant.js';
import { quantiles } from '../support/quantiles.js';

export interface Measured {
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const MAX_LATENCIES = 1 << 20;

/** Made once: to touch 8 MB anew would cost the contestant's own process. */
const latencies = new Float64Array(MAX_LATENCIES);

/** Keeps `inFlight` calls going for `ms`, by as many independent loops: nobody waits for a whole batch. Each makes one call at least. */
export async function drive(echo: Echo, value: unknown, inFlight: number, ms: number): Promise<Measured> {
  let calls = 0;
  const start = performance.now();
  const end = start + ms;

  async function loop(): Promise<void> {
    let before = performance.now();
    do {
      await echo(value);
      const after = performance.now();
      // Beyond the first million latencies only the calls are counted.
      latencies[calls++] = after - before;
      before = after;
    } while (before < end);
  }

  await Promise.all(Array.from({ length: inFlight }, loop));
  const elapsed = performance.now() - start;
  return {
    calls,
    perSecond: (calls / elapsed) * 1000,
    ...quantiles(latencies.subarray(0, Math.min(calls, MAX_LATENCIES))),
  };
}

/** So many calls, for who hasn't made any. */
export async function warm(echo: Echo, value: unknown, inFlight: number, calls: number): Promise<void> {
  let left = calls;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await echo(value);
    }),
  );
}
