// A process's own running time: real time without the periods in which its event loop was blocked.

import type { Clock, Timer } from './clock.js';

/**
 * Ticks while it is wanted. A tick that comes late counts for two at most, so that a primary that was stalled doesn't
 * take its own absence for the silence of its leaders. It never runs faster than the real clock.
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
