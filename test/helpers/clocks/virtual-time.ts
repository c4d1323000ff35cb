// Time that a test owns: one queue of turns and one list of timers for all processes of a cluster in memory.

import type { Clock } from '../../../lib/utils/clock.js';
import { TestTimers } from './test-timers.js';

/** When the wall clock of every {@link VirtualTime} began. */
export const EPOCH = 1_700_000_000_000;

/** Picks which of `length` turns comes next. */
export type Pick = (length: number) => number;

const FIRST_COME: Pick = () => 0;

export class VirtualTime extends TestTimers implements Clock {
  #turns: (() => void)[] = [];
  readonly #pick: Pick;

  /** @param pick the order in which turns of different channels come; by default the order in which they were asked for */
  constructor(pick: Pick = FIRST_COME) {
    // Not a whole number, as no reading of a real clock is.
    super(5_000.25);
    this.#pick = pick;
  }

  readonly wall = (): number => EPOCH + Math.floor(this.now());
  readonly defer = (callback: () => void): void => process.nextTick(callback);
  readonly yield = (callback: () => void): void => this.schedule(callback);

  readonly schedule = (callback: () => void): void => {
    this.#turns.push(callback);
  };

  /** Whether something that waits keeps a process alive. */
  get isAwake(): boolean {
    return this.refs > 0;
  }

  /** Time passes, and what falls due meanwhile runs in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.now() + ms;
    while (await this.#step(end)) {}
    this.moveTo(end);
  }

  /** The end of this tick: promises and what was deferred, but no message and no timer. */
  async tick(): Promise<void> {
    await drain();
  }

  /** The next few turns, where there are so many: what comes after them is still on its way. */
  async turns(count: number): Promise<void> {
    for (let i = 0; i < count && this.#turns.length > 0; i++) await this.#step(this.now());
    await drain();
  }

  /** All that can happen without time passing. */
  async settle(): Promise<void> {
    await this.advance(0);
  }

  /** Lets time pass until the promise settles. It must, within `mostMs`. */
  async until<T>(promise: PromiseLike<T>, mostMs = 120_000): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.reached(() => isSettled, mostMs);
    return promise;
  }

  /** Lets time pass until something is so. It must be, within `mostMs`. */
  async reached(isSo: () => boolean, mostMs = 120_000): Promise<void> {
    const end = this.now() + mostMs;
    do {
      // A promise that settled just now shall be seen before anything else runs.
      await drain();
      if (isSo()) return;
    } while (await this.#step(end));
    throw new Error(`It didn't come within ${mostMs} ms: ${isSo}`);
  }

  async #step(end: number): Promise<boolean> {
    await drain();
    const turn = this.#turns.splice(this.#pick(this.#turns.length), 1)[0] ?? this.takeDue(end);
    turn?.();
    return turn !== undefined;
  }
}

/** All microtasks, and all that was deferred, have run. */
const drain = () => new Promise<void>(resolve => setImmediate(resolve));
