// Histograms of durations.

/** From 0.125 ms to 32.768 s, each twice the one before. */
const BOUNDS_MS: readonly number[] = Object.freeze(Array.from({ length: 19 }, (_, i) => 2 ** (i - 3)));
const SHORTEST_MS = BOUNDS_MS[0]!;
const LONGEST_MS = BOUNDS_MS.at(-1)!;
/** The index of the sum, after the counts. */
const SUM = BOUNDS_MS.length + 1;

/** The number of durations in each range. */
export interface Histogram {
  readonly count: number;
  /** The sum of all durations, in ms. */
  readonly sumMs: number;
  /** The upper bounds of the ranges, in ms: 0.125, and then always twice the one before. */
  readonly boundsMs: readonly number[];
  /**
   * The number of durations in each range: at most this bound, but longer than the one before. The last one is for
   * durations longer than all bounds.
   */
  readonly counts: readonly number[];
}

/** Hot: uses one typed array, so that adding a duration allocates nothing. */
export class Durations {
  readonly #numbers = new Float64Array(SUM + 1);

  add(ms: number): void {
    const numbers = this.#numbers;
    numbers[placeOf(ms)]! += 1;
    numbers[SUM]! += ms;
  }

  status(): Histogram {
    const counts = [...this.#numbers.subarray(0, SUM)];
    return {
      count: counts.reduce((sum, count) => sum + count, 0),
      sumMs: this.#numbers[SUM]!,
      boundsMs: BOUNDS_MS,
      counts,
    };
  }
}

function placeOf(ms: number): number {
  if (ms <= SHORTEST_MS) return 0;
  if (ms > LONGEST_MS) return BOUNDS_MS.length;
  // The number of doublings from the shortest bound, rounded up.
  return 32 - Math.clz32(Math.ceil(ms / SHORTEST_MS) - 1);
}
