// What all clocks of tests have in common: a time that stands still until the test moves it, and the timers that wait for it.

import type { Timer } from '../../../lib/utils/clock.js';

interface WaitingTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  isRef: boolean;
}

export class TestTimers {
  #now: number;
  #order = 0;
  readonly #timers = new Set<WaitingTimer>();

  constructor(now: number) {
    this.#now = now;
  }

  now = (): number => this.#now;

  readonly setTimer = (callback: () => void, ms: number): Timer => {
    const timer: WaitingTimer = { at: this.#now + Math.max(0, ms), order: ++this.#order, callback, isRef: false };
    if (ms !== Number.POSITIVE_INFINITY) this.#timers.add(timer);
    const setRef = (isRef: boolean) => {
      timer.isRef = isRef;
    };
    return { ref: () => setRef(true), unref: () => setRef(false), clear: () => void this.#timers.delete(timer) };
  };

  /** Timers that wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Those of them that keep the process alive. */
  get refs(): number {
    return [...this.#timers].filter(timer => timer.isRef).length;
  }

  /** What waits for its time, as text; empty where nothing is left. */
  get waiting(): string[] {
    return [...this.#timers].map(({ at, callback }) => `in ${Math.round(at - this.#now)} ms: ${callback}`);
  }

  /** Time passes, and nothing could run meanwhile: what a blocked event loop sees. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Moves on to the first timer that is due by `end`, and takes it. @returns what it runs */
  protected takeDue(end: number): (() => void) | undefined {
    let next: WaitingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)))
        next = timer;
    }
    if (!next) return undefined;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    return next.callback;
  }

  protected moveTo(end: number): void {
    this.#now = Math.max(this.#now, end);
  }
}
