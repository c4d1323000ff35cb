// A set of promises that wait for a leader to be ready.

import { type Clock, MAX_TIMER_MS, type Timer } from '../utils/clock.js';

interface Waiter {
  readonly owner: object | undefined;
  resolve(): void;
  reject(error: Error): void;
  timers: Timer[];
}

export class ReadyWaiters {
  readonly #waiters = new Set<Waiter>();

  constructor(private readonly clock: Clock) {}

  /**
   * Resolves with {@link resolve}. Rejects with {@link reject}, or with the `error()` of a limit that has passed;
   * `undefined` from it means that the wait goes on. Keeps the process alive meanwhile.
   * @param owner the handle that waits
   */
  wait(limits: readonly { readonly ms: number; error(): Error | undefined }[], owner?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { owner, resolve, reject, timers: [] };
      this.#waiters.add(waiter);
      for (const { ms, error } of limits) {
        // An infinite limit still needs a timer, because nothing else keeps the process alive.
        const timer = this.clock.setTimer(
          () => {
            const reason = ms === Number.POSITIVE_INFINITY ? undefined : error();
            if (reason) this.#end(waiter, () => reject(reason));
          },
          Math.min(ms, MAX_TIMER_MS),
        );
        timer.ref();
        waiter.timers.push(timer);
      }
    });
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  resolve(): void {
    for (const waiter of this.#waiters) this.#end(waiter, waiter.resolve);
  }

  /** @param owner rejects only those of this handle */
  reject(error: Error, owner?: object): void {
    for (const waiter of this.#waiters) {
      if (owner === undefined || waiter.owner === owner) this.#end(waiter, () => waiter.reject(error));
    }
  }

  #end(waiter: Waiter, settle: () => void): void {
    this.#waiters.delete(waiter);
    for (const timer of waiter.timers) timer.clear();
    settle();
  }
}
