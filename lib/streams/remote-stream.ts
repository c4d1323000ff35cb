// The stream that users hold, in another process than its source.

import type { ItemReader } from './item-reader.js';

/** Ends the source of a stream that nobody holds any more. */
const collected = new FinalizationRegistry<ItemReader>(reader => reader.return());

/** An async iterator over the items of a stream in another process. */
export class RemoteStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #reader: ItemReader;

  constructor(reader: ItemReader) {
    this.#reader = reader;
    collected.register(this, reader);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.next(this);
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.return();
  }

  async throw(error?: unknown): Promise<never> {
    this.#reader.return(error);
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
