// A process's own running time: real time without the periods in which its event loop was blocked.

import type { Clock, Timer } from './clock.js';

/**
 * Ticks between `start()` and `stop()`. A late tick counts as at most two, so that a primary that was blocked does not
 * mistake that time for silence of its leaders. It never runs faster than the real clock.
 */
export class RunningClock {
  #elapsedMs = 0;
  #lastTick = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    public tickMs: number,
    private readonly onTick: () => void,
  ) {}

  start(): void {
    if (this.#timer) return;
    this.#lastTick = this.clock.now();
    this.#arm();
  }

  stop(): void {
    this.#elapsedMs = this.now();
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** Milliseconds of running time. */
  now(): number {
    return this.#timer
      ? this.#elapsedMs + Math.min(this.clock.now() - this.#lastTick, 2 * this.tickMs)
      : this.#elapsedMs;
  }

  #arm(): void {
    this.#timer = this.clock.setTimer(() => {
      this.#elapsedMs = this.now();
      this.#lastTick = this.clock.now();
      this.#arm();
      this.onTick();
    }, this.tickMs);
  }
}
