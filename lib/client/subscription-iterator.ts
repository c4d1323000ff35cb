// A subscription as an async iterator. Values wait to be read; beyond a limit the oldest are dropped.

import { afterTurn, rejectAfterTurn } from '../utils/after-turn.js';
import type { Subscription } from './subscription.js';

export class SubscriptionIterator implements AsyncIterableIterator<unknown> {
  /** Values that were dropped because they were not read in time. */
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

  /** The subscription could not be created. */
  refuse(error: Error): void {
    this.#refusal = rejectAfterTurn(Promise.reject(error));
    // `ready` may never be read.
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

  /** Values that wait can still be read. */
  end(): void {
    this.#isEnded = true;
    for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
  }

  /** The end is reported after a turn, as an error is, because the consumer may iterate again at once. */
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
