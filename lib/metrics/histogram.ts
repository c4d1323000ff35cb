// Durations as a few counters.

/** Each is twice the one before: 0.125 ms to 32.768 s. */
const BOUNDS_MS: readonly number[] = Object.freeze(Array.from({ length: 19 }, (_, i) => 2 ** (i - 3)));
const SHORTEST_MS = BOUNDS_MS[0]!;
const LONGEST_MS = BOUNDS_MS.at(-1)!;
/** Behind the counts. */
const SUM = BOUNDS_MS.length + 1;

/** How often something took how long. */
export interface Histogram {
  readonly count: number;
  /** All of it together, in ms. */
  readonly sumMs: number;
  /** 0.125 ms, and twice as long each time. */
  readonly boundsMs: readonly number[];
  /** One more than bounds: what took at most this bound, but longer than the one before it; the last took longer than all. */
  readonly counts: readonly number[];
}

/** Hot: one list of numbers, so that nothing is made when one is added. */
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
  // The number of doublings, rounded up: the bits of a whole number of the shortest, less one.
  return 32 - Math.clz32(Math.ceil(ms / SHORTEST_MS) - 1);
}
