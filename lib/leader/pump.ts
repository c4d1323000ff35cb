// Reads an async iterable to its end: a subscription whose values come that way.

import type { Clock } from '../utils/clock.js';

export interface PumpHandlers {
  value(value: unknown): void;
  /** It ended without being asked to; `error` is what it threw. Nothing comes after this. */
  ended(error?: unknown): void;
}

/** So many values are read before timers and I/O have a turn: a source that always has more would keep them out. */
const MOST_IN_TURN = 100;

export const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';

export class Pump {
  #iterator: AsyncIterator<unknown> | undefined;
  #isEnded = false;

  constructor(
    private readonly clock: Clock,
    private readonly iterable: AsyncIterable<unknown>,
    private readonly handlers: PumpHandlers,
  ) {}

  start(): void {
    void this.#run();
  }

  /** Ends it at its source. Resolves or returns when that is done. */
  end(): unknown {
    if (this.#isEnded) return undefined;
    this.#isEnded = true;
    const { unsubscribe } = this.iterable as { unsubscribe?: unknown };
    if (typeof unsubscribe === 'function') return Reflect.apply(unsubscribe, this.iterable, []);
    return this.#iterator?.return?.();
  }

  async #run(): Promise<void> {
    try {
      this.#iterator = this.iterable[Symbol.asyncIterator]();
      for (let count = 1; !this.#isEnded; count++) {
        const { value, done } = await this.#iterator.next();
        if (this.#isEnded) return;
        if (done) break;
        this.handlers.value(value);
        if (count % MOST_IN_TURN === 0) await new Promise<void>(resolve => this.clock.yield(resolve));
      }
    } catch (error) {
      return this.#over(error);
    }
    this.#over();
  }

  #over(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.handlers.ended(error);
  }
}
