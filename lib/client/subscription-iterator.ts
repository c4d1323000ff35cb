// A subscription as an async iterator: values wait for whoever iterates, the oldest are dropped beyond a limit.

import type { Subscription } from './subscription.js';

export class SubscriptionIterator implements AsyncIterableIterator<unknown> {
  /** Values that were dropped because nobody took them in time. */
  dropped = 0;
  readonly #queue: unknown[] = [];
  readonly #takers: ((result: IteratorResult<unknown>) => void)[] = [];
  #isEnded = false;
  #subscription: Subscription | undefined;

  constructor(private readonly maxQueued: number) {}

  /** Resolves when the leader's real client is subscribed; rejects with its refusal. */
  get ready(): Promise<void> {
    return this.#subscription!.whenReady;
  }

  attach(subscription: Subscription): void {
    this.#subscription = subscription;
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

  next(): Promise<IteratorResult<unknown>> {
    if (this.#queue.length > 0) return Promise.resolve({ value: this.#queue.shift(), done: false });
    if (this.#isEnded) return Promise.resolve({ value: undefined, done: true });
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
