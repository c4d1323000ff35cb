// Time that only a test moves on: timers, the ends of ticks and the turns of I/O all wait for it.

import type { Clock, Timer } from '../../lib/utils/clock.js';

interface UnitTimer {
  readonly at: number;
  readonly callback: () => void;
  isRef: boolean;
}

export class UnitClock implements Clock {
  #now = 0;
  #timers: UnitTimer[] = [];
  #deferred: (() => void)[] = [];
  #yielded: (() => void)[] = [];

  now = (): number => this.#now;
  wall = (): number => 1e12 + this.#now;
  defer = (callback: () => void): void => void this.#deferred.push(callback);
  yield = (callback: () => void): void => void this.#yielded.push(callback);

  setTimer(callback: () => void, ms: number): Timer {
    const timer: UnitTimer = { at: this.#now + ms, callback, isRef: false };
    if (ms !== Number.POSITIVE_INFINITY) this.#timers.push(timer);
    return {
      ref() {
        timer.isRef = true;
      },
      unref() {
        timer.isRef = false;
      },
      clear: () => this.#forget(timer),
    };
  }

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
    const end = this.#now + ms;
    this.turn();
    for (let timer = this.#due(end); timer; timer = this.#due(end)) {
      this.#now = Math.max(this.#now, timer.at);
      this.#forget(timer);
      timer.callback();
      this.turn();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** The event loop stands still for so long: what falls due meanwhile is late. */
  stall(ms: number): void {
    this.#now += ms;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Timers that keep the process alive. */
  get refs(): number {
    return this.#timers.filter(timer => timer.isRef).length;
  }

  #due(end: number): UnitTimer | undefined {
    const [first] = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at);
    return first;
  }

  #forget(timer: UnitTimer): void {
    this.#timers = this.#timers.filter(other => other !== timer);
  }
}

/** What promises have become by now, without a turn of the event loop. */
export async function microtasks(): Promise<void> {
  for (let i = 0; i < 50; i++) await undefined;
}
