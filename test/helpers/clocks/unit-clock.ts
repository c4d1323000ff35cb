// Time for tests of one part: nothing runs until the test says so, neither timers, nor the ends of ticks, nor turns of I/O.

import type { Clock } from '../../../lib/utils/clock.js';
import { TestTimers } from './test-timers.js';

export class UnitClock extends TestTimers implements Clock {
  #deferred: (() => void)[] = [];
  #yielded: (() => void)[] = [];

  constructor() {
    super(0);
  }

  wall = (): number => 1e12 + this.now();
  defer = (callback: () => void): void => void this.#deferred.push(callback);
  yield = (callback: () => void): void => void this.#yielded.push(callback);

  /** The end of this tick, with all that comes of it. */
  tick(): void {
    while (this.#deferred.length > 0) for (const callback of this.#deferred.splice(0)) callback();
  }

  /** As {@link tick}, and then the turns of I/O, until nothing is left to do. */
  turn(): void {
    this.tick();
    while (this.#yielded.length > 0) {
      for (const callback of this.#yielded.splice(0)) callback();
      this.tick();
    }
  }

  /** Moves on, and runs what falls due in its order; each timer has a turn of its own. */
  advance(ms: number): void {
    const end = this.now() + ms;
    this.turn();
    for (let due = this.takeDue(end); due; due = this.takeDue(end)) {
      due();
      this.turn();
    }
    this.moveTo(end);
  }
}

/** What promises have become by now, without a turn of the event loop. */
export async function microtasks(): Promise<void> {
  for (let i = 0; i < 50; i++) await undefined;
}
