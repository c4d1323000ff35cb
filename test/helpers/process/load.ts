// Calls without a pause, and what became of each of them.

import { type Failure, failure, now } from './wire.js';

/** What a load has seen so far; times as of {@link now}. */
export interface LoadReport {
  readonly made: number;
  /** When each call that succeeded ended. */
  readonly succeededAt: readonly number[];
  readonly failed: readonly FailedCall[];
}

export interface FailedCall extends Failure {
  readonly id: string;
  readonly madeAt: number;
  readonly endedAt: number;
}

/** Makes calls with ids of its own, a number of them at a time, until it is stopped. */
export class Load {
  readonly #call: (id: string) => Promise<unknown>;
  readonly #prefix: string;
  readonly #succeededAt: number[] = [];
  readonly #failed: FailedCall[] = [];
  readonly #waiting = new Set<() => void>();
  #made = 0;
  #isStopped = false;
  readonly #lanes: Promise<void>[];

  constructor(call: (id: string) => Promise<unknown>, prefix: string, atOnce: number, most = Number.POSITIVE_INFINITY) {
    this.#call = call;
    this.#prefix = prefix;
    this.#lanes = Array.from({ length: atOnce }, () => this.#run(most));
  }

  /** How many calls have failed. */
  get failed(): number {
    return this.#failed.length;
  }

  /** Resolves when so many more calls have succeeded. */
  async more(count: number): Promise<void> {
    const enough = this.#succeededAt.length + count;
    while (this.#succeededAt.length < enough) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  /** Makes no call any more; resolves when those under way have ended. */
  stop(): Promise<LoadReport> {
    this.#isStopped = true;
    return this.done();
  }

  /** Resolves when all calls were made and have ended. */
  async done(): Promise<LoadReport> {
    await Promise.all(this.#lanes);
    return { made: this.#made, succeededAt: this.#succeededAt, failed: this.#failed };
  }

  async #run(most: number): Promise<void> {
    while (!this.#isStopped && this.#made < most) await this.#one(`${this.#prefix}-${++this.#made}`);
  }

  async #one(id: string): Promise<void> {
    const madeAt = now();
    try {
      await this.#call(id);
      this.#succeededAt.push(now());
      for (const check of this.#waiting) check();
      this.#waiting.clear();
    } catch (error) {
      this.#failed.push({ id, madeAt, endedAt: now(), ...failure(error) });
      // Calls that fail at once must not keep the event loop from turning.
      await new Promise(resolve => setImmediate(resolve));
    }
  }
}

/** The longest time between two calls of one load that succeeded, of those that ended after `from`. */
export function longestGap({ succeededAt }: LoadReport, from = 0): number {
  const gaps = succeededAt.map((at, i) => (i > 0 && at > from ? at - succeededAt[i - 1]! : 0));
  return Math.max(...gaps);
}
