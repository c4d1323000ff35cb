// Reads an async iterable to its end. Used for subscriptions that deliver their values that way.

import type { Clock } from '../utils/clock.js';

export interface PumpHandlers {
  value(value: unknown): void;
  /** The iterable ended without a call of `end()`; `error` is what it threw. Nothing follows. */
  ended(error?: unknown): void;
}

/** Values that are read before timers and I/O have a turn. A source that always has a next value would block them. */
const MOST_IN_TURN = 100;

export const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';

/** Ends an async iterable at its source. Returns what the source returns, perhaps a promise. */
export function endIterable(iterable: AsyncIterable<unknown>, iterator?: AsyncIterator<unknown>): unknown {
  const { unsubscribe } = iterable as { unsubscribe?: unknown };
  if (typeof unsubscribe === 'function') return Reflect.apply(unsubscribe, iterable, []);
  return (iterator ?? iterable[Symbol.asyncIterator]()).return?.();
}

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

  /** Returns what the source returns, perhaps a promise. */
  end(): unknown {
    if (this.#isEnded) return undefined;
    this.#isEnded = true;
    return this.#iterator && endIterable(this.iterable, this.#iterator);
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
