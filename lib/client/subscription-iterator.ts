// A subscription as an async iterator. Values wait to be read; beyond a limit the oldest are dropped.

import { ItemQueue } from '../streams/item-queue.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import type { Subscription } from './subscription.js';

export class SubscriptionIterator implements AsyncIterableIterator<unknown> {
  /** Values that were dropped because they were not read in time. */
  dropped = 0;
  readonly #queue = new ItemQueue<unknown>();
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
    this.#queue.push(value);
    if (this.#queue.size <= this.maxQueued) return;
    this.#queue.dropOldest();
    this.dropped++;
  }

  /** Values that wait can still be read. */
  end(): void {
    this.#queue.end();
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#refusal ? rejectAfterTurn(this.#refusal) : this.#queue.next();
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#subscription?.unsubscribe();
    this.#queue.clear();
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
