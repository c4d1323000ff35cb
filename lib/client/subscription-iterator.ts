// A subscription as an async iterator: values wait for whoever iterates, the oldest are dropped beyond a limit.

import { afterTurn, rejectAfterTurn } from '../utils/after-turn.js';
import type { Subscription } from './subscription.js';

export class SubscriptionIterator implements AsyncIterableIterator<unknown> {
  /** Values that were dropped because nobody took them in time. */
  dropped = 0;
  readonly #queue: unknown[] = [];
  readonly #takers: ((result: IteratorResult<unknown>) => void)[] = [];
  #isEnded = false;
  #subscription: Subscription | undefined;
  #refusal: Promise<never> | undefined;

  constructor(private readonly maxQueued: number) {}

  /** Resolves when the leader's real client is subscribed; rejects with its refusal. */
  get ready(): Promise<void> {
    return this.#refusal ?? this.#subscription!.whenReady;
  }

  attach(subscription: Subscription): void {
    this.#subscription = subscription;
  }

  /** There is no subscription, and never was. */
  refuse(error: Error): void {
    this.#refusal = rejectAfterTurn(Promise.reject(error));
    // It may be that nobody asks.
    this.#refusal.catch(() => {});
  }

  push(value: unknown): void {
    const taker = this.#takers.shift();
    if (taker) return taker({ value, done: false });
    this.#queue.push(value);
    if (this.#queue.length <= this.maxQueued) return;
    this.#queue.shift();
    this.dropped++;
  }

  /** What waits can still be taken. */
  end(): void {
    this.#isEnded = true;
    for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
  }

  /** That it has ended comes after a turn, as an error does: whoever iterates may begin anew at once. */
  next(): Promise<IteratorResult<unknown>> {
    if (this.#refusal) return rejectAfterTurn(this.#refusal);
    if (this.#queue.length > 0) return Promise.resolve({ value: this.#queue.shift(), done: false });
    if (this.#isEnded) return new Promise(resolve => afterTurn(() => resolve({ value: undefined, done: true })));
    return new Promise(resolve => this.#takers.push(resolve));
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#subscription?.unsubscribe();
    this.#queue.length = 0;
    return Promise.resolve({ value, done: true });
  }

  async unsubscribe(): Promise<void> {
    await this.return();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
