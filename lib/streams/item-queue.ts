// The items that wait for the consumer of an async iterator, and the consumers that wait for items.

import { afterTurn } from '../utils/after-turn.js';
import { type Deferred, defer } from '../utils/deferred.js';

type Result<T> = IteratorResult<T, undefined>;

export class ItemQueue<T> {
  readonly #items: T[] = [];
  readonly #takers: Deferred<Result<T>>[] = [];
  #end: { readonly error?: unknown } | undefined;

  /** The number of items that wait. */
  get size(): number {
    return this.#items.length;
  }

  /** Whether a consumer waits for the next item. */
  get isAwaited(): boolean {
    return this.#takers.length > 0;
  }

  push(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ value: item, done: false });
    else this.#items.push(item);
  }

  dropOldest(): void {
    this.#items.shift();
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Items that wait can still be read. Then the error is reported, once, or the end. */
  end(end: { readonly error?: unknown } = {}): void {
    if (this.#end) return;
    this.#end = end;
    for (const taker of this.#takers.splice(0)) this.#conclude(taker);
  }

  next(): Promise<Result<T>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift() as T, done: false });
    const taker = defer<Result<T>>();
    if (!this.#end) this.#takers.push(taker);
    // After a turn, because the consumer may iterate again at once.
    else afterTurn(() => this.#conclude(taker));
    return taker.promise;
  }

  #conclude(taker: Deferred<Result<T>>): void {
    const end = this.#end!;
    this.#end = {};
    if ('error' in end) taker.reject(end.error);
    else taker.resolve({ value: undefined, done: true });
  }
}
