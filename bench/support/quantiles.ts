// The middle and the tail of many latencies.

import { quantileSorted } from 'simple-statistics';

export interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sorts them in place. */
export function quantiles(latencies: Float64Array): Quantiles {
  // A typed array is an array to whoever only indexes it.
  const sorted = latencies.sort() as unknown as number[];
  return { p50Ms: quantileSorted(sorted, 0.5), p99Ms: quantileSorted(sorted, 0.99) };
}
