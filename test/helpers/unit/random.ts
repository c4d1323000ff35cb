// Random schedules that can be run again: the same seed makes the same choices.

/** A generator of pseudo-random choices (mulberry32). */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Runs a schedule for each of `count` seeds; a failure says which seed it was and what had happened until then. */
export function forSeeds(count: number, run: (random: Random, log: string[]) => void): void {
  for (let seed = 1; seed <= count; seed++) {
    const log: string[] = [];
    try {
      run(new Random(seed), log);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}\n${log.slice(-25).join('\n')}`, { cause: error });
    }
  }
}
